import Foundation
import Testing

@testable import Shared
@testable import Trainer

/// What a configuration says of its evaluations is what its training measures: a sweep is checked
/// by the one and its halving acts on the other.
@Suite struct EvaluationSchemaTests {
    private static func kPath(_ gate: String) -> String {
        """
        "experiment":"k_path","dataset":"tiny","domains":2,"classes":2,"hidden_width":2,
        "batch_size":1,"gate":\(gate),"optimizer":{"name":"sgd","learning_rate":0.1}
        """
    }

    private static func routing(_ gate: String, _ method: String) -> String {
        """
        "experiment":"routing","domains":2,"hidden_width":2,"init":{"gain":0.5},"gate":\(gate),
        "data":{"kind":"tree","depth":1,"branching":2,"strengths":[2,1]},
        "method":{"name":"\(method)","learning_rate":0.1}
        """
    }

    private static func graph(trained: [Bool]) -> String {
        let contexts = trained.map {
            #"{"trained":\#($0),"inputs":{"x":[[1,1]]},"targets":{"y":[[1]]}}"#
        }
        return """
            "experiment":"gated_network","hidden_width":2,"init":{"gain":0.5},
            "network":{"kind":"graph","nodes":[{"name":"x","width":2},{"name":"h"},
            {"name":"y","width":1}],"edges":[{"from":"x","to":"h"},{"from":"h","to":"y"}],
            "contexts":[\(contexts.joined(separator: ","))]},
            "method":{"name":"gradient_descent","learning_rate":0.1}
            """
    }

    private static let gates = [
        #"{"family":"plus_mod","k":1}"#, #"{"family":"fully_connected"}"#,
        #"{"family":"bernoulli","density":0}"#,
    ]

    static let all =
        gates.map(kPath) + gates.map { routing($0, "gradient_descent") }
        + gates.map { routing($0, "gradient_flow") }
        + [graph(trained: [true, true]), graph(trained: [true, false])]

    @Test(arguments: all)
    func `the schema of a configuration is that of its training`(json: String) throws {
        let text = "{\"epochs\":3,\"evaluation\":{\"every_epochs\":2},\(json)}"
        let configuration = try Configuration(
            reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
        var schemas = EvaluationSchemas()
        let found = schemas.schema(of: configuration)
        let schema = try #require(found)
        let split = Dataset.Split(inputs: .features([1, 2, 3, 4], count: 2), labels: [0, 1])
        let training = try configuration.makeTraining(
            dataset: Dataset(train: split, test: split), resuming: nil)
        var rows: [MetricRow] = []
        while !training.isFinished { rows += training.trainEpoch(shouldStop: { false }) ?? [] }
        let due = (1...3).filter(schema.isDue)
        #expect(rows.map(\.epoch) == due.flatMap { epoch in schema.splits.map { _ in epoch } })
        for row in rows {
            let names = Set(row.values.keys)
            #expect(names.isSuperset(of: schema.required))
            #expect(names.isSubset(of: schema.required.union(schema.optional)))
            for name in configuration.experiment.reportMetrics where names.contains(name) {
                #expect(schema.presence(of: MeasuredColumn(name)) != .never, "\(name)")
            }
        }
    }
}
