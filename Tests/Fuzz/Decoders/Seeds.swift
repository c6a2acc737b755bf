import Foundation

@testable import Shared
@testable import Trainer
@testable import WorkerFiles

/// Inputs to begin with: what our own encoders write. Those of `sweep-yaml`, `idx` and `gunzip` are
/// files that people made, and lie in the corpus as they are.
enum Seeds {
    static func write(_ name: String, to directory: String) throws {
        for (index, seed) in try seeds(name).enumerated() {
            try seed.write(to: URL(filePath: "\(directory)/seed-\(index)"))
        }
    }

    private static func seeds(_ name: String) throws -> [Data] {
        switch name {
        case "sweep-json":
            [sweep, values, routing, network].map { Data($0.utf8) }
        case "join":
            [
                Join(
                    address: "https://h:1", token: AccessToken(role: .worker) { 1 },
                    pin: Join.pin(publicKey: Data([1]))),
                Join(address: "http://[::1]:80", token: AccessToken(role: .admin) { 2 }),
            ].map { Data($0.text.utf8) }
        case "messages": try messages()
        case "metrics": try metrics()
        case "safetensors": [try EmbeddedDataset.make().serialized().prefix(20_000), try tensors()]
        case "checkpoint": try SmallTraining.allCases.map(checkpoint)
        case "spool": try [spool()]
        default: []
        }
    }

    private static func checkpoint(_ kind: SmallTraining) throws -> Data {
        let checkpoint = try kind.checkpoint(after: 3)
        var (file, table) = (checkpoint.state, MetricTable())
        for row in checkpoint.rows { table.append(row) }
        table.export(to: &file)
        return try file.serialized()
    }

    /// Without the digests, which the decoder's caller puts there.
    private static func spool() throws -> Data {
        let records = [
            AttemptJournal.Record(lease: lease), AttemptJournal.Record(rows: rows),
            AttemptJournal.Record(end: .trained(completion)),
            AttemptJournal.Record(end: .failed(FailRequest(error: "e", isPermanent: true))),
        ]
        return try Data(records.map(WireCoding.encode).joined(separator: Data("\n".utf8)))
    }

    private static let sweep = """
        {"name":"s","experiment":"k_path","base":{"dataset":"tiny","domains":2,"classes":2,
        "hidden_width":4,"batch_size":1,"epochs":2,"init":{"gain":1,"bias":0},
        "optimizer":{"name":"sgd","learning_rate":0.1,"momentum":0.9}},
        "axes":[{"seeds.weights":[1,2]},{"gate":[{"family":"plus_mod","k":[1,2]}]}],"attempts":2}
        """

    private static let values = #"{"a":[1,-2.5e-3,"\u00e9\n",null,true]}"#

    private static let routing = """
        {"name":"r","experiment":"routing","base":{"domains":3,"hidden_width":4,"epochs":2,
        "data":{"kind":"tree","depth":1,"branching":2,"strengths":[2,1]},"init":{"gain":1},
        "method":{"name":"gradient_flow","learning_rate":0.1}},
        "axes":[{"gate":[{"family":"all","rows_open":1}]},{"init.gain":{"log_uniform":[0.1,1]}}],
        "search":{"method":"random","tasks":3,"seed":7},"exclude":[{"init.gain":1}]}
        """

    private static let network = """
        {"name":"n","experiment":"gated_network","base":{"hidden_width":2,"epochs":2,
        "init":{"gain":1},"method":{"name":"gradient_descent","learning_rate":0.1},
        "network":{"kind":"graph",
        "nodes":[{"name":"x","width":2},{"name":"h"},{"name":"y","width":1}],
        "edges":[{"from":"x","to":"h"},{"from":"h","to":"y"}],
        "contexts":[{"inputs":{"x":[[1,1],[1,-1]]},"targets":{"y":[[1],[-1]]}},
        {"closed":["h"],"trained":false,"correlations":[{"of":["x","x"],"matrix":[[1,0],[0,1]]},
        {"of":["y","x"],"matrix":[[0,1]]},{"of":["y","y"],"matrix":[[1]]}]}]}}}
        """

    private static let rows = [
        MetricRow(
            epoch: 1, split: .train,
            values: ["a_loss": MetricValue(0.25), "b": MetricValue(.nan)]),
        MetricRow(epoch: 2, split: .test, values: ["a_loss": MetricValue(-.infinity)]),
    ]

    private static func metrics() throws -> [Data] {
        [
            try WireCoding.encode(
                MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 2)),
            try WireCoding.encode(completion),
            Data(MetricBatch(rows).bytes),
        ]
    }

    private static let completion = CompleteRequest(
        epochsCompleted: 2, rowCount: 2, rows: rows, trajectory: Digest(of: [1]))

    private static let lease = Lease(
        id: LeaseID(unchecked: "1-1-a"), token: LeaseToken(unchecked: "b"),
        task: SweepTaskID(unchecked: "c"), sweep: "s", attempt: 1,
        configuration: .object(["a": .array([.integer(1), .null])]), dataDigest: Digest(of: [1]),
        expiresInSeconds: 30,
        checkpoint: CheckpointReference(epochsCompleted: 1, digest: Digest(of: [2]), bytes: 3),
        checkpointEveryEpochs: 2)

    private static func messages() throws -> [Data] {
        let texts: [Data] = [
            try WireCoding.encode(
                LeaseRequest(
                    worker: WorkerName(unchecked: "w"), host: "h", bootID: "b", slots: 1,
                    waitSeconds: 5,
                    selfTest: SelfTestReport(kernels: "k", answers: KnownAnswers.byCase))),
            try WireCoding.encode(LeaseResponse(leases: [lease])), try WireCoding.encode(lease),
            try WireCoding.encode(
                MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 2)),
            try WireCoding.encode(completion),
            try WireCoding.encode(FailRequest(error: "e", isPermanent: true)),
            try WireCoding.encode(HandBackRequest(reason: "r")),
            try WireCoding.encode(LeaseAnswer(state: .leased, expiresInSeconds: 1.5)),
            try WireCoding.encode(
                SweepCreated(id: SweepID(unchecked: "s"), name: "n", taskCount: 3)),
        ]
        return texts.enumerated().map { Data([UInt8($0.offset)]) + $0.element }
    }

    private static func tensors() throws -> Data {
        var file = Safetensors(metadata: ["key": "value"])
        file.set("weight", [1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        file.set("bias", [1, 2] as [Double], shape: [2])
        file.set("bytes", [1, 2, 3] as [UInt8], shape: [3])
        return try file.serialized()
    }
}
