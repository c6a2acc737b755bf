import FoundationEssentials
import Shared
import Testing

/// A graph whose pathways no worker could make is refused where it is read.
@Suite struct PathwayCountTests {
    /// Layers of two nodes, each with an edge to both of the next.
    private static func sweep(layers: Int, closed: [String] = []) throws -> JSONValue {
        func name(_ layer: Int, _ node: Int) -> String { "n\(layer)_\(node)" }
        let nodes = (0..<layers).flatMap { layer in
            (0..<2).map { #"{"name":"\#(name(layer, $0))","width":1}"# }
        }
        let edges = (1..<layers).flatMap { layer in
            (0..<4).map {
                #"{"from":"\#(name(layer - 1, $0 / 2))","to":"\#(name(layer, $0 % 2))"}"#
            }
        }
        let ends = [name(0, 0), name(0, 1), name(layers - 1, 0), name(layers - 1, 1)]
        let closed = closed.map { "\"\($0)\"" }.joined(separator: ",")
        let text = """
            {"name":"deep","experiment":"gated_network","base":{"hidden_width":1,"network":{
            "kind":"graph","nodes":[\(nodes.joined(separator: ","))],
            "edges":[\(edges.joined(separator: ","))],
            "contexts":[{"name":"all","closed":[\(closed)],"inputs":{"\(ends[0])":[[1]],
            "\(ends[1])":[[1]]},"targets":{"\(ends[2])":[[1]],"\(ends[3])":[[1]]}}]},
            "init":{"gain":0.1},"method":{"name":"gradient_descent","learning_rate":0.1},
            "epochs":1},"axes":{"seeds.weights":[1]}}
            """
        return try JSONValue(parsing: Data(text.utf8))
    }

    private static func mistakes(_ json: JSONValue) -> String {
        do throws(SweepMistakes) {
            _ = try Sweep(reading: SourceValue(json)).expand()
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `2^30 pathways are refused, a few are not`() throws {
        #expect(Self.mistakes(try Self.sweep(layers: 10)) == "")
        let refused = Self.mistakes(try Self.sweep(layers: 30))
        // 2 at the first layer, twice as many at each that follows.
        let count = (1 << 31) - 2
        #expect(
            refused.contains("found a network of \(count) beginnings of pathways, wanted at most"),
            "\(refused)")
    }

    @Test func `gates that close most pathways let the graph pass`() throws {
        let closed = (1..<29).map { "n\($0)_1" }
        #expect(Self.mistakes(try Self.sweep(layers: 30, closed: closed)) == "")
    }
}
