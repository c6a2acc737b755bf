import Foundation
import Testing

@testable import Shared

/// Networks that would be too large are refused before anything of their size is made.
@Suite(.timeLimit(.minutes(10))) struct GraphSizeTests {
    private static func contextual(depth: Int, contexts: Int) -> String {
        let strengths = (0...depth).map { "\($0 + 1)" }.joined(separator: ", ")
        return """
            {"kind": "contextual", "context_count": \(contexts), "depth": \(depth),
             "branching": 2, "strengths": [\(strengths)], "contextual_strengths": [\(strengths)]}
            """
    }

    private static func written(width: Int, contexts: Int) -> String {
        let row = [String](repeating: "1", count: width).joined(separator: ",")
        let context = "{\"inputs\": {\"x\": [[\(row)]]}, \"targets\": {\"y\": [[1]]}}"
        let all = [String](repeating: context, count: contexts).joined(separator: ", ")
        return """
            {"kind": "graph", "nodes": [{"name": "x", "width": \(width)},
             {"name": "y", "width": 1}], "edges": [{"from": "x", "to": "y"}],
             "contexts": [\(all)]}
            """
    }

    private func mistakes(_ text: String) throws -> String {
        let json = try JSONValue(parsing: Data(text.utf8))
        do throws(SweepMistakes) {
            _ = try Configuration(reading: SourceValue(json))
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        (contextual(depth: 10, contexts: 64), "8795648000 numbers in the correlations"),
        (written(width: 2_000, contexts: 250), "1000500000 numbers in the correlations"),
    ])
    func `contexts whose correlations would fill a memory are refused`(
        network: String, found: String
    ) throws {
        let text = GatedConfigurationTests.gated(network)
        #expect(
            try mistakes(text).contains(
                "network: found a network of \(found) of its contexts, wanted at most 16777216"))
    }

    @Test func `so are many products, and a routing network of large data`() throws {
        let products = GatedConfigurationTests.gated(Self.contextual(depth: 10, contexts: 2))
        #expect(
            try mistakes(products).contains(
                "network: found a network of 15042867200 products of numbers that its "
                    + "correlations are made of, wanted at most 4294967296"))
        let wide = """
            {"experiment": "routing", "domains": 128, "hidden_width": 8,
             "gate": {"family": "plus_mod", "k": 1}, "data": {"kind": "tree", "depth": 10,
             "branching": 2, "strengths": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]},
             "init": {"gain": 0.1}, "method": \(GatedConfigurationTests.descent), "epochs": 1}
            """
        #expect(try mistakes(wide).contains("data: found a network of 51522830336 numbers"))
    }

    /// The count is what comes out, and what the page of presets asks for is far below the limits.
    @Test func `what is counted is what is made`() throws {
        for network in GatedConfigurationTests.networks + [Self.contextual(depth: 2, contexts: 8)] {
            let read = try Configuration(
                reading: SourceValue(
                    JSONValue(parsing: Data(GatedConfigurationTests.gated(network).utf8))))
            guard case .gatedNetwork(let configuration) = read else { continue }
            let size = configuration.network.size(hiddenWidth: configuration.hiddenWidth)
            let graph = configuration.graph
            #expect(size.weights == Double(graph.parameterCount))
            if case .xor = configuration.network { continue }
            let numbers = graph.contexts.reduce(0) {
                $0 + $1.moments.inputInput.values.count + $1.moments.outputInput.values.count
            }
            #expect(size.momentNumbers == Double(numbers))
        }
    }
}
