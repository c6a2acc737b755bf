import Foundation
import Shared
import TestSupport

@testable import Rig

/// A run made by hand in which nothing is wrong: two tasks, one lost once, one failed once and
/// handed back once, a repeat, a call of unknown outcome. Each bad history is this one with one
/// thing changed.
struct Story {
    var evidence: Evidence
    private var time: Int64 = 0

    static let sweep = "sweep-1"
    static let (first, second) = ("task-a", "task-b")

    init() {
        evidence = Evidence(history: History(), store: StoredState(), tasksPerSweep: 2)
        // Twenty microseconds: the calls of this story follow every ten.
        evidence.leaseSeconds = 20e-6
        evidence.bounds = Evidence.Bounds(drainSeconds: 5)
        evidence.bounds.callsMin = 5
        let created = SweepCreated(
            id: SweepID(unchecked: Self.sweep), name: "study", taskCount: 2)
        call(.submit, "/v1/sweeps", JSONValue.object([:]), "submit", answer: created, status: 201)
        grant("lease-a1", Self.first, attempt: 1, worker: "w1")
        grant("lease-b1", Self.second, attempt: 1, worker: "w2")
        metrics("lease-a1", Self.first, attempt: 1, rows: 0..<1)
        lease(.fail, "lease-b1", FailRequest(error: "diverged", isPermanent: false), .ready)
        grant("lease-a2", Self.first, attempt: 2, worker: "w2")
        refuse(.metrics, "lease-a1", Self.request(Self.first, attempt: 1, rows: 1..<3), 409)
        train("lease-a2", Self.first, attempt: 2)
        grant("lease-b2", Self.second, attempt: 2, worker: "w1")
        lease(.handBack, "lease-b2", HandBackRequest(reason: "drain"), .ready)
        grant("lease-b3", Self.second, attempt: 3, worker: "w1")
        train("lease-b3", Self.second, attempt: 3)
        // The answer to this repeat was lost.
        call(
            .complete, "/v1/leases/lease-b3/complete", Self.result(Self.second, attempt: 3),
            "complete-lease-b3", token: Self.token("lease-b3"), outcome: .unknown("timeout"))
        evidence.history.marks = [
            Mark(.healed, time: time), Mark(.drained, time: time + 1_000_000),
            Mark(.usage, time: time, text: "rss_kib=1000 files=20 wal_kib=100"),
        ]
        store()
        report()
    }

    // MARK: - Calls

    static func token(_ lease: String) -> String {
        String(Digest(of: Data(lease.utf8)).hexadecimal.prefix(32))
    }

    static func request(_ task: String, attempt: Int, rows: Range<Int>) -> MetricsRequest {
        let all = SimulatedSweep.rows(SweepTaskID(unchecked: task), attempt: attempt)
        return MetricsRequest(
            firstSequence: rows.lowerBound, rows: Array(all[rows]),
            epochsCompleted: rows.upperBound)
    }

    static func granted(_ lease: String, _ task: String, attempt: Int) -> Lease {
        Lease(
            id: LeaseID(unchecked: lease), token: LeaseToken(unchecked: token(lease)),
            task: SweepTaskID(unchecked: task), sweep: "study", attempt: attempt,
            configuration: .object([:]), dataDigest: Digest(of: Data()), expiresInSeconds: 1)
    }

    static func result(_ task: String, attempt: Int) -> CompleteRequest {
        SimulatedSweep.result(granted("", task, attempt: attempt))
    }

    private mutating func call(
        _ operation: Call.Operation, _ path: String, _ message: some Encodable, _ request: String,
        token: String? = nil, outcome: Call.Outcome
    ) {
        time += 10
        evidence.history.calls.append(
            Call(
                number: evidence.history.calls.count + 1, process: "client",
                operation: operation, path: path, requestID: request, token: token,
                body: Self.text(message), start: time, end: time + 5, outcome: outcome))
    }

    private mutating func call(
        _ operation: Call.Operation, _ path: String, _ message: some Encodable, _ request: String,
        token: String? = nil, answer: some Encodable, status: Int = 200
    ) {
        call(
            operation, path, message, request, token: token,
            outcome: .ok(status: status, body: Self.text(answer)))
    }

    private mutating func grant(_ lease: String, _ task: String, attempt: Int, worker: String) {
        let request = LeaseRequest(
            worker: WorkerName(unchecked: worker), host: "rig", slots: 1, waitSeconds: 0,
            selfTest: .right)
        let answer = LeaseResponse(leases: [Self.granted(lease, task, attempt: attempt)])
        call(.lease, "/v1/leases", request, "grant-\(lease)", answer: answer)
    }

    private mutating func lease(
        _ operation: Call.Operation, _ lease: String, _ message: some Encodable,
        _ state: TaskState
    ) {
        call(
            operation, "/v1/leases/\(lease)/\(operation.rawValue)", message,
            "\(operation.rawValue)-\(lease)", token: Self.token(lease),
            answer: LeaseAnswer(state: state, expiresInSeconds: 0))
    }

    private mutating func refuse(
        _ operation: Call.Operation, _ lease: String, _ message: some Encodable, _ status: Int
    ) {
        call(
            operation, "/v1/leases/\(lease)/\(operation.rawValue)", message,
            "late-\(lease)", token: Self.token(lease),
            outcome: .refused(status: status, body: "lease_lost"))
    }

    private mutating func metrics(_ name: String, _ task: String, attempt: Int, rows: Range<Int>) {
        lease(.metrics, name, Self.request(task, attempt: attempt, rows: rows), .leased)
    }

    private mutating func train(_ name: String, _ task: String, attempt: Int) {
        metrics(name, task, attempt: attempt, rows: 0..<2)
        metrics(name, task, attempt: attempt, rows: 2..<3)
        lease(.complete, name, Self.result(task, attempt: attempt), .succeeded)
        // A repeat, under the same id.
        lease(.complete, name, Self.result(task, attempt: attempt), .succeeded)
    }

    static func text(_ message: some Encodable) -> String {
        (try? WireCoding.encode(message)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    // MARK: - What is stored

    private mutating func store() {
        evidence.store.sweeps = [.init(id: Self.sweep, name: "study")]
        evidence.store.tasks = [
            task(1, Self.first, attempt: 2, charged: 2),
            task(2, Self.second, attempt: 3, charged: 2),
        ]
        evidence.store.attempts = [
            .init(lease: "lease-a1", task: 1, number: 1, worker: "w1", outcome: "lost"),
            .init(lease: "lease-a2", task: 1, number: 2, worker: "w2", outcome: "succeeded"),
            .init(
                lease: "lease-b1", task: 2, number: 1, worker: "w2", outcome: "failed",
                error: "diverged"),
            .init(lease: "lease-b2", task: 2, number: 2, worker: "w1", outcome: "handed_back"),
            .init(lease: "lease-b3", task: 2, number: 3, worker: "w1", outcome: "succeeded"),
        ]
        evidence.store.metrics =
            metrics(1, Self.first, attempt: 1, count: 1)
            + metrics(1, Self.first, attempt: 2, count: 3)
            + metrics(2, Self.second, attempt: 3, count: 3)
    }

    private func task(_ number: Int64, _ id: String, attempt: Int, charged: Int)
        -> StoredState.TaskRow
    {
        StoredState.TaskRow(
            number: number, sweep: Self.sweep, position: Int(number - 1), id: id,
            state: "succeeded", attempt: attempt, charged: charged, attemptMax: 3,
            epochsCompleted: 3,
            trajectory: Self.result(id, attempt: attempt).trajectory.hexadecimal)
    }

    private func metrics(_ number: Int64, _ id: String, attempt: Int, count: Int)
        -> [StoredState.Metric]
    {
        SimulatedSweep.rows(SweepTaskID(unchecked: id), attempt: attempt).prefix(count)
            .enumerated().map { sequence, row in
                StoredState.Metric(
                    task: number, attempt: attempt, sequence: sequence, epoch: row.epoch,
                    split: "test", values: Self.text(row.values))
            }
    }

    private mutating func report() {
        var report = "position,task,state,epochs_completed,loss_trained_paths,"
        report += "trajectory_sha256,error\r\n"
        var history = "task,epoch,split,metric,value\r\n"
        for (position, task) in evidence.store.tasks.enumerated() {
            let rows = SimulatedSweep.rows(
                SweepTaskID(unchecked: task.id), attempt: task.attempt)
            let loss = rows.last?.values["loss_trained_paths"]?.text ?? ""
            report += "\(position),\(task.id),succeeded,3,\(loss),\(task.trajectory ?? ""),\r\n"
            for row in rows {
                let loss = row.values["loss_trained_paths"]?.text ?? ""
                history += "\(task.id),\(row.epoch),test,attempt,\(task.attempt).0\r\n"
                history += "\(task.id),\(row.epoch),test,loss_trained_paths,\(loss)\r\n"
            }
        }
        evidence.reports = [
            .init(sweep: Self.sweep, report: report, reportAgain: report, history: history)
        ]
        evidence.texts = [.init(name: "a log", bytes: Data("nothing but words".utf8))]
        evidence.accessTokens = [AccessToken(role: .worker) { 0x1234_5678_9abc_def0 }.text]
    }
}
