import Foundation
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// The three files, byte by byte, and what their bytes may not depend on.
@Suite(.timeLimit(.minutes(10))) struct ReportsTests {
    /// What the training of a task measures: its own numbers, the same at each attempt.
    static func rows(of lease: Lease) -> [MetricRow] {
        let seed = lease.task.rawValue.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 97
        return (1...2).flatMap { epoch in
            MetricRow.Split.allCases.map { split in
                let loss = Float(seed + 1) / Float(epoch) + (split == .test ? 0.25 : 0)
                let values: [String: MetricValue] = [
                    MetricName.lossTrainedPaths: MetricValue(seed % 5 == 0 ? .nan : loss),
                    MetricName.lossUntrainedPaths: MetricValue(seed % 7 == 0 ? .infinity : -loss),
                    MetricName.accuracyTrainedPaths: MetricValue(0.5),
                ]
                return MetricRow(epoch: epoch, split: split, values: values)
            }
        }
    }

    static func finish(_ lease: Lease, _ client: any TestClientProtocol) async throws {
        let rows = rows(of: lease)
        _ = try await client.tell(
            lease, "metrics", MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 2))
        let answer = try await client.tell(
            lease, "complete",
            CompleteRequest(
                epochsCompleted: 2, rowCount: rows.count, trajectory: StoreWorld.trajectory(rows)))
        #expect(answer.status == 200, "\(answer.body)")
    }

    static let names = ["report.csv", "history.csv", "manifest.json"]

    static func files(_ client: any TestClientProtocol) async throws -> [String] {
        var files: [String] = []
        for name in names { files.append(try await client.get("/v1/sweeps/study/" + name).body) }
        return files
    }

    /// A manifest without what differs from run to run.
    private static func withoutTimes(_ manifest: String) throws -> JSONValue {
        guard case .object(var members) = try JSONValue(parsing: Data(manifest.utf8)),
            case .array(let tasks)? = members["tasks"]
        else { throw StoreWorld.Nothing() }
        for key in ["sweep_id", "created_at", "finished_at"] { members[key] = nil }
        members["tasks"] = .array(
            tasks.map { task in
                guard case .object(var entry) = task else { return task }
                for key in ["started_at", "ended_at"] { entry[key] = nil }
                return .object(entry)
            })
        return .object(members)
    }

    @Test func `the files are the same bytes whoever trained, how often, and in which order`()
        async throws
    {
        let (smooth, rough) = (try await ServerWorld(), try await ServerWorld())
        let wanted = Collected()
        try await smooth.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            for lease in try await client.lease("a", slots: 6) {
                try await Self.finish(lease, client)
            }
            wanted.files = try await Self.files(client)
            let again = try await Self.files(client)
            #expect(again == wanted.files)
        }
        try await rough.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(name: "before", seeds: [9]))
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            for lease in try await client.lease("z", slots: 2) {
                try await Self.finish(lease, client)
            }
            let first = try await client.lease("x", slots: 6)
            let back = HandBackRequest(reason: "drain")
            for lease in first.prefix(2) { _ = try await client.tell(lease, "hand_back", back) }
            let failure = FailRequest(error: "out of memory", isPermanent: false)
            _ = try await client.tell(first[2], "fail", failure)
            // One is lost half way, and trained by another.
            let half = MetricsRequest(
                firstSequence: 0, rows: Array(Self.rows(of: first[3]).prefix(2)),
                epochsCompleted: 1)
            _ = try await client.tell(first[3], "metrics", half)
            rough.server.store.liveLeases.end([first[3].id])
            _ = try await rough.server.store.expire([first[3].id])
            for lease in try await client.lease("y", slots: 9).reversed() {
                try await Self.finish(lease, client)
            }
            for lease in first.suffix(2) { try await Self.finish(lease, client) }
            let found = try await Self.files(client)
            for (name, pair) in zip(Self.names.dropLast(), zip(found, wanted.files)) {
                #expect(pair.0 == pair.1, "\(name)")
            }
            #expect(try Self.withoutTimes(found[2]) == Self.withoutTimes(wanted.files[2]))
        }
    }

    @Test func `a report of a sweep with a finished, a failed and a waiting task is this text`()
        async throws
    {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1, 2]))
            let leases = try await client.lease(slots: 2)
            try await Self.finish(leases[0], client)
            let end = FailRequest(error: "=cmd, \"x\"\nloss is NaN", isPermanent: true)
            _ = try await client.tell(leases[1], "fail", end)
            let report = try await client.get("/v1/sweeps/study/report.csv").body
            let lines = report.components(separatedBy: "\r\n")
            #expect(
                lines[0] == """
                    sweep,position,task,state,complete,seeds.weights,gate_family,gate_k,gate_id,\
                    gate_class_size,gate_density,gate_rank,gate_components,trained_pathways,\
                    untrained_pathways,gate_name,\
                    epochs_completed,loss_trained_paths,loss_untrained_paths,\
                    accuracy_trained_paths,accuracy_untrained_paths,train_loss_trained_paths,\
                    train_loss_untrained_paths,train_accuracy_trained_paths,\
                    train_accuracy_untrained_paths,diverged_epoch,trajectory_sha256,pruned_reason,\
                    error,recheck
                    """)
            let rows = Self.rows(of: leases[0])
            let text = { (row: MetricRow, name: String) in row.values[name]?.text ?? "" }
            let metrics = [rows[3], rows[2]].map { row in
                [MetricName.lossTrainedPaths, MetricName.lossUntrainedPaths].map { text(row, $0) }
                    .joined(separator: ",") + ",0.5,"
            }.joined(separator: ",")
            #expect(
                lines[1] == "study,0,\(leases[0].task),succeeded,true,1,plus_mod,1,2x2-9,2,"
                    + "0.5,2,2,2,2,,2,"
                    + "\(metrics),,\(StoreWorld.trajectory(rows)),,,")
            #expect(
                lines[2] == "study,1,\(leases[1].task),failed,false,1,plus_mod,2,2x2-f,1,"
                    + "1.0,1,1,4,0,,0,,,,,,,,,,,,"
                    + "\"'=cmd, \"\"x\"\"\nloss is NaN\",")
            #expect(lines[3].hasPrefix("study,2,"))
            #expect(lines[3].contains(",ready,false,2,plus_mod,1,"))
            #expect(lines.count == 6 && lines[5].isEmpty)
        }
    }

    @Test func `the history has a line for each number, in the order of tasks and training`()
        async throws
    {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let leases = try await client.lease(slots: 2)
            for lease in leases.reversed() { try await Self.finish(lease, client) }
            let history = try await client.get("/v1/sweeps/study/history.csv").body
            let lines = history.components(separatedBy: "\r\n").dropLast()
            let wanted = leases.flatMap { lease in
                Self.rows(of: lease).flatMap { row in
                    row.values.sorted { $0.key < $1.key }.map {
                        "\(lease.task),\(row.epoch),\(row.split.rawValue),"
                            + "\($0.key),\($0.value.text)"
                    }
                }
            }
            #expect(Array(lines) == ["task,epoch,split,metric,value"] + wanted)
        }
    }

    @Test func `the manifest has each configuration once, and says what is missing and why`()
        async throws
    {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1]))
            let leases = try await client.lease(slots: 2)
            let end = FailRequest(error: "loss is NaN", isPermanent: true)
            _ = try await client.tell(leases[1], "fail", end)
            var text = try await client.get("/v1/sweeps/study/manifest.json").body
            var manifest = try JSONValue(parsing: Data(text.utf8))
            #expect(manifest["complete"] == .bool(false) && manifest["task_count"] == .integer(2))
            #expect(manifest["counts"]?["failed"] == .integer(1))
            guard case .array(let tasks)? = manifest["tasks"] else { throw StoreWorld.Nothing() }
            #expect(tasks.map { $0["configuration"] } == leases.map(\.configuration))
            #expect(tasks[1]["error"] == .string("loss is NaN") && tasks[0]["error"] == nil)
            _ = try await client.post("/v1/sweeps/study/retry")
            try await Self.finish(leases[0], client)
            for lease in try await client.lease() { try await Self.finish(lease, client) }
            text = try await client.get("/v1/sweeps/study/manifest.json").body
            manifest = try JSONValue(parsing: Data(text.utf8))
            #expect(manifest["complete"] == .bool(true))
            #expect(manifest["specification"]?["name"] == .string("study"))
        }
    }

    /// Written by one test task at a time.
    private final class Collected: @unchecked Sendable {
        var files: [String] = []
    }
}
