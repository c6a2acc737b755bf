import Foundation
import Testing

@testable import Shared

/// The configurations of the theory's networks: what is read is what is written, and what is wrong
/// has a place.
@Suite struct GatedConfigurationTests {
    static let graphNetwork = """
        {"kind": "graph",
         "nodes": [{"name": "x", "width": 2}, {"name": "h"}, {"name": "y", "width": 1}],
         "edges": [{"from": "x", "to": "h"}, {"from": "h", "to": "y"}],
         "contexts": [
          {"inputs": {"x": [[1, 1], [1, -1]]}, "targets": {"y": [[1], [-1]]}},
          {"name": "other", "weight": 0.25, "trained": false, "closed": ["h", "x->h"],
           "correlations": [{"of": ["x", "x"], "matrix": [[1, 0.5], [0.5, 1]]},
            {"of": ["y", "x"], "matrix": [[0.5, 0.25]]}, {"of": ["y", "y"], "matrix": [[2]]}]}]}
        """

    static let networks = [
        "{\"kind\": \"xor\", \"scheme\": \"half_planes\"}",
        "{\"kind\": \"tree\", \"depth\": 1, \"branching\": 3, \"strengths\": [2, 1], "
            + "\"layers\": 2}",
        """
        {"kind": "contextual", "context_count": 2, "depth": 1, "branching": 2,
         "strengths": [2, 1], "contextual_strengths": [1, 1.5]}
        """,
        graphNetwork,
    ]

    static func gated(_ network: String, method: String = flow) -> String {
        """
        {"experiment": "gated_network", "hidden_width": 5, "network": \(network),
         "init": {"scheme": "balanced", "gain": 0.1}, "method": \(method), "epochs": 20,
         "evaluation": {"every_epochs": 2}, "theory": {"initial_singular_value": 0.04},
         "stop": {"metric": "training_loss", "below": 0.001}, "on_divergence": "continue",
         "seeds": {"weights": 3}}
        """
    }

    static let flow = "{\"name\": \"gradient_flow\", \"learning_rate\": 0.1, \"tolerance\": 1e-8}"
    static let descent = "{\"name\": \"gradient_descent\", \"learning_rate\": 0.1}"

    static func routing(_ data: String, method: String = descent) -> String {
        """
        {"experiment": "routing", "domains": 4, "hidden_width": 6,
         "gate": {"family": "explicit", "rows": ["1000", "0100", "0010", "0011"],
          "column_permutation": [0, 1, 3, 2]},
         "data": \(data), "init": {"gain": 0.2}, "method": \(method), "epochs": 9,
         "stop": {"metric": "loss_untrained_paths", "above": 100}, "on_divergence": "continue",
         "seeds": {"gate": 1, "weights": 2}}
        """
    }

    static let data = [
        "{\"kind\": \"tree\", \"depth\": 2, \"branching\": 2, \"strengths\": [6, 4, 3]}",
        "{\"kind\": \"examples\", \"inputs\": [[1, 0], [0, 2]], \"targets\": [[1], [-1]]}",
        "{\"kind\": \"examples\", \"targets\": [[1, 2], [3, 4]]}",
    ]

    private func read(_ text: String) throws -> Configuration {
        try Configuration(reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
    }

    static let all =
        networks.map { gated($0) } + [gated(networks[0], method: descent)]
        + data.map { routing($0) } + [routing(data[0], method: flow)]

    @Test(arguments: all)
    func `what is written is read back the same`(text: String) throws {
        let configuration = try read(text)
        let written = try configuration.json.canonicalData()
        let again = try read(String(decoding: written, as: UTF8.self))
        #expect(again == configuration)
        #expect(try again.json.canonicalData() == written)
        #expect(configuration.dataset == nil)
        #expect((configuration.gateRequest != nil) == (configuration.experiment == .routing))
    }

    @Test func `a gate has the same paths wherever there is one`() {
        func gate(_ experiment: Experiment) -> [String] {
            experiment.paths.filter { $0.hasPrefix("gate") }
        }
        #expect(gate(.routing) == gate(.kPath) && gate(.routing).contains("gate.density"))
    }

    @Test func `the paths are the keys that configurations have, all of them together`() throws {
        for experiment in [Experiment.gatedNetwork, .routing] {
            var found: Set<String> = []
            for text in Self.all {
                let configuration = try read(text)
                guard configuration.experiment == experiment,
                    case .object(var members) = configuration.json
                else { continue }
                members["experiment"] = nil
                for (key, value) in members {
                    found.insert(key)
                    guard case .object(let inner) = value else { continue }
                    found.formUnion(inner.keys.map { "\(key).\($0)" })
                }
            }
            var paths = Set(experiment.paths)
            if experiment == .routing {
                // Not in the gate of these, and the theory's start is the other experiment's too.
                paths.subtract(["gate.k", "gate.permute_columns", "gate.count", "gate.density"])
                // No part of a configuration.
                paths.remove("gate.name")
                paths.subtract(["theory", "theory.initial_singular_value", "stop.below"])
            }
            if experiment == .gatedNetwork { paths.remove("stop.above") }
            #expect(found == paths)
        }
    }

    static let mistakes: [(String, String, String, String)] = [
        (
            gated(networks[0]), "\"half_planes\"", "\"halves\"",
            "network.scheme: found \"halves\", wanted corners, half_planes or both"
        ),
        (
            gated(networks[0]), "\"scheme\"", "\"depth\"",
            "network: found no scheme, wanted corners, half_planes or both"
        ),
        (
            gated(networks[0]), "\"xor\"", "\"xnor\"",
            "network.kind: found \"xnor\", wanted xor, contextual, tree or graph; did you mean xor?"
        ),
        (
            gated(networks[1]), "[2, 1]", "[2, 1, 1]",
            "network.strengths: found 3 numbers, wanted depth + 1: 2"
        ),
        (
            gated(networks[1]), "\"branching\": 3", "\"branching\": 1024, \"scheme\": \"both\"",
            "network.scheme: found a key that tree does not have, wanted kind, layers, depth, "
                + "branching or strengths"
        ),
        (
            gated(networks[1]), "\"depth\": 1", "\"depth\": 9",
            "network.strengths: found 2 numbers, wanted depth + 1: 10"
        ),
        (
            gated(networks[2]), "[1, 1.5]", "[1]",
            "network.contextual_strengths: found 1 numbers, wanted depth + 1: 2"
        ),
        (
            gated(networks[0]), "1e-8", "1",
            "method.tolerance: found 1, wanted a number from 1e-13 to 0.01"
        ),
        (
            gated(networks[0], method: descent), "0.1}, \"epochs\"",
            "0.1, \"tolerance\": 1}, \"epochs\"",
            "method.tolerance: found a key that gradient_descent does not have, wanted name or "
                + "learning_rate"
        ),
        (
            gated(networks[0]), "\"hidden_width\"", "\"hiden_width\"",
            "hiden_width: found an unknown key; did you mean hidden_width?"
        ),
        (
            gated(networks[0]), "\"epochs\": 20", "\"epochs\": 20, \"gain\": 1",
            "gain: found an unknown key; did you mean init.gain?"
        ),
        (
            gated(graphNetwork), "{\"name\": \"h\"}", "{\"name\": \"x\"}",
            "network.nodes[1].name: found the node \"x\" again, wanted each once"
        ),
        (
            gated(graphNetwork), "{\"from\": \"h\", \"to\": \"y\"}",
            "{\"from\": \"h\", \"to\": \"z\"}",
            "network.edges[1].to: found \"z\", wanted x, h or y"
        ),
        (
            gated(graphNetwork), "[{\"from\": \"x\", \"to\": \"h\"}",
            "[{\"from\": \"y\", \"to\": \"h\"}",
            "network.edges: found edges that lead back to where they came from, wanted a graph "
                + "without rings"
        ),
        (
            gated(graphNetwork), "[[1], [-1]]", "[[1]]",
            "network.contexts[0].inputs: found tables of 1 and 2 rows, wanted one row for each "
                + "example everywhere"
        ),
        (
            gated(graphNetwork), "[[1, 1], [1, -1]]", "[[1], [1]]",
            "network.contexts[0].inputs.x: found rows of 1 numbers, wanted as many as the width "
                + "of \"x\" says: 2"
        ),
        (
            gated(graphNetwork), "[[1, 1], [1, -1]]", "[[1, 1], [1]]",
            "network.contexts[0].inputs.x: found a list, wanted rows of one length"
        ),
        (
            gated(graphNetwork), "[1, 0.5]", "[1, 0.25]",
            "network.contexts[1].correlations[0].matrix: found 2 x 2 numbers, wanted the widths of "
                + "x and x, and a symmetric matrix for one node twice"
        ),
        (
            gated(graphNetwork), "[\"y\", \"x\"]", "[\"x\", \"y\"]",
            "network.contexts[1].correlations[1].of: found x and y, wanted two nodes: inputs, or "
                + "a target before an input, or one target twice"
        ),
        (
            gated(graphNetwork), "\"h\", \"x->h\"", "\"h\", \"h->x\"",
            "network.contexts[1].closed[1]: found \"h->x\", wanted x, h, y, x->h or h->y; "
                + "did you mean h->y?"
        ),
        (
            routing(data[0]), "\"domains\": 4", "\"domains\": 400",
            "domains: found 400, wanted a whole number from 1 to 128"
        ),
        (
            routing(data[0]), "\"0011\"]", "\"0011\", \"1111\"]",
            "gate.rows: found a list of 5, wanted a list of 4 texts of 0 and 1, one for each "
                + "domain"
        ),
        (
            routing(data[1]), "[[1], [-1]]", "[[1], [-1], [0]]",
            "data.inputs: found 2 rows, wanted as many as the targets have: 3"
        ),
        (
            routing(data[0]), "\"hidden_width\": 6", "\"hidden_width\": 16384",
            "hidden_width: found a network of 269156352 weights, wanted at most 16777216"
        ),
        (
            gated(graphNetwork), "[\"h\", \"x->h\"]", "\"h\"",
            "network.contexts[1].closed: found \"h\", wanted a list of nodes and edges, such as "
                + "[h, h->y]"
        ),
        (
            gated(graphNetwork), "\"of\": [\"y\", \"x\"]", "\"of\": \"y\"",
            "network.contexts[1].correlations[1].of: found \"y\", wanted two nodes: inputs, or a "
                + "target before an input, or one target twice"
        ),
        (
            gated(graphNetwork), ", {\"of\": [\"y\", \"y\"], \"matrix\": [[2]]}", "",
            "network.contexts[1].correlations: found correlations of \"y\" with others, wanted "
                + "[y, y] too"
        ),
        (
            gated(graphNetwork),
            "{\"of\": [\"x\", \"x\"], \"matrix\": [[1, 0.5], [0.5, 1]]},", "",
            "network.contexts[1].correlations: found correlations of \"x\" with others, wanted "
                + "[x, x] too"
        ),
        (
            gated(graphNetwork), "{\"of\": [\"y\", \"y\"], \"matrix\": [[2]]}",
            "{\"of\": [\"y\", \"y\"], \"matrix\": [[2]]}, "
                + "{\"of\": [\"y\", \"x\"], \"matrix\": [[0, 0]]}",
            "network.contexts[1].correlations[3]: found y and x again, wanted each pair once"
        ),
        (
            gated(graphNetwork), "{\"inputs\": {\"x\"", "{\"weight\": 0, \"inputs\": {\"x\"",
            "network.contexts: found no context that is trained with a weight above 0, wanted one "
                + "at least"
        ),
        (
            routing(data[0]), "\"above\": 100", "\"above\": 100, \"below\": 1",
            "stop: found both below and above, wanted one of the two"
        ),
    ]

    @Test(arguments: mistakes.indices)
    func `a mistake has its place and says what was wanted`(index: Int) throws {
        let (text, old, new, wanted) = Self.mistakes[index]
        #expect(text.contains(old), "\(old)")
        let error = try #require(throws: SweepMistakes.self) {
            try read(text.replacingOccurrences(of: old, with: new))
        }
        #expect(error.all.map(\.description).contains(wanted), "\(error)")
    }

    @Test func `a written graph means what it says`() throws {
        guard case .gatedNetwork(let configuration) = try read(Self.gated(Self.graphNetwork)) else {
            Issue.record("no gated network")
            return
        }
        let graph = configuration.graph
        #expect(graph.nodes.map(\.width) == [2, 5, 1])
        #expect(graph.contexts.map(\.weight) == [0.5, 0.25])
        #expect(graph.contexts.map(\.isTrained) == [true, false])
        #expect(graph.contexts[1].closedNodes == [1] && graph.contexts[1].closedEdges == [0])
        let first = graph.contexts[0].moments
        #expect(first.inputInput.lists == [[1, 0], [0, 1]])
        #expect(first.outputInput.lists == [[0, 1]])
        #expect(first.power == [1])
        let second = graph.contexts[1].moments
        #expect(second.inputInput.lists == [[1, 0.5], [0.5, 1]])
        #expect(second.outputInput.lists == [[0.5, 0.25]])
        #expect(second.power == [2])
    }

    @Test func `trees of any depth and branching are these`() throws {
        let paper = TreeData(depth: 2, branching: 2, strengths: [6, 4, 3]).table
        #expect(paper.targets.lists[1] == [6, 4, 0, 0, 3, 0, 0])
        #expect(paper.inputs == Matrix(identity: 4))
        let wide = TreeData(depth: 1, branching: 3, strengths: [1, 2]).table
        #expect(wide.targets.lists == [[1, 2, 0, 0], [1, 0, 2, 0], [1, 0, 0, 2]])
        #expect(TreeData(depth: 0, branching: 2, strengths: [5]).table.targets.lists == [[5]])
        #expect(TreeData(depth: 10, branching: 2, strengths: []).items == 1024)
        #expect(TreeData(depth: 11, branching: 2, strengths: []).items == nil)
        #expect(TreeData(depth: 4, branching: 1, strengths: []).items == 1)
    }

    @Test func `an axis of networks has columns for what differs`() throws {
        let text = """
            {"name": "race", "experiment": "gated_network",
             "base": {"hidden_width": 4, "init": {"gain": 0.1}, "method": \(Self.descent),
              "epochs": 3},
             "axes": {"network": [{"kind": "xor", "scheme": ["corners", "half_planes"]},
              {"kind": "tree", "depth": 1, "branching": 2, "strengths": [2, 1]}]}}
            """
        let sweep = try Sweep(reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
        #expect(sweep.count == 3)
        #expect(
            sweep.axisColumns == [
                "network.kind", "network.scheme", "network.depth", "network.branching",
                "network.strengths",
            ])
        #expect(sweep.axisCells(at: 2) == ["tree", "", "1", "2", "[2, 1]"])
    }
}
