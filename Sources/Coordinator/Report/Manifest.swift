import Foundation
import Shared

/// `manifest.json`: each configuration of a sweep exactly once, with what became of it, so that a
/// reader can prove that nothing is missing or see what is, and why.
///
/// Written in pieces, an entry a line, because a sweep can be larger than one wants in memory.
struct Manifest {
    let sweep: StoredSweep
    private let comparisons: [Int: Store.Comparison]
    private var counts: [String: Int] = [:]
    private var isFirst = true
    private var damagedCount = 0
    /// Which examples the tasks so far use, of the data that they train on.
    private(set) var uses: Set<DataUse> = []
    /// By the names that the tasks have for them.
    private var dataDigests: [String: Digest] = [:]
    private var kernels: Set<String> = []
    private var lastEnd: Timestamp?
    private var isFinal = true

    /// - Parameter comparisons: what other hosts' reruns have come to, by position.
    init(of sweep: StoredSweep, comparisons: [Int: Store.Comparison]) {
        self.sweep = sweep
        self.comparisons = comparisons
    }

    func head() throws -> String {
        let members = [
            ("sweep", sweep.name), ("sweep_id", sweep.id.rawValue),
            ("product_version", ProductVersion.current),
            ("numeric_version", NumericVersion.current),
            ("created_at", sweep.createdAt.iso8601),
        ]
        let lines = try members.map { "\"\($0.0)\":\(try text(.string($0.1))),\n" }
        return "{\(lines.joined())\"specification\":\(sweep.specification.plainJSON),\n\"tasks\":[\n"
    }

    mutating func entry(_ task: ReportTask) throws -> String {
        counts[task.state.rawValue, default: 0] += 1
        if task.damage != nil { damagedCount += 1 }
        var entry: [String: JSONValue] = [
            "position": .integer(task.position), "task": .string(task.id.rawValue),
            "state": .string(task.state.rawValue),
            "epochs_completed": .integer(task.epochsCompleted),
        ]
        if let configuration = task.configuration {
            let json = try JSONValue(parsing: Data(configuration.utf8))
            entry["configuration"] = json
            if let selection = ExampleSelection(configuration: json) {
                uses.insert(DataUse(selection: selection, digest: task.dataDigest))
                dataDigests[selection.dataset] = task.dataDigest
                entry["data_sha256"] = .string(task.dataDigest.hexadecimal)
            }
        }
        addTraining(of: task, to: &entry)
        if let trajectory = task.trajectory { entry["trajectory_sha256"] = .string(trajectory) }
        if let source = task.source { entry["source_sweep"] = .string(source.rawValue) }
        if let epoch = task.divergedEpoch { entry["diverged_epoch"] = .integer(epoch) }
        if let reason = task.prunedReason { entry["pruned_reason"] = .string(reason) }
        if let error = task.error { entry["error"] = .string(error) }
        if let comparison = comparisons[task.position], !comparison.isSame {
            entry["recheck"] = .object([
                "host": .string(comparison.results.host),
                "other_host": .string(comparison.results.otherHost),
                "other_trajectory_sha256": .string(
                    comparison.results.otherTrajectory.hexadecimal),
            ])
        }
        defer { isFirst = false }
        return (isFirst ? "" : ",\n") + (try text(.object(entry)))
    }

    /// How the newest attempt was made: it differs from run to run.
    private mutating func addTraining(of task: ReportTask, to entry: inout [String: JSONValue]) {
        if let kernels = task.kernels {
            self.kernels.insert(kernels)
            entry["kernels"] = .string(kernels)
        }
        if let start = task.startedAt { entry["started_at"] = .string(start.iso8601) }
        isFinal = isFinal && task.state.isFinal
        guard let end = task.endedAt else { return }
        entry["ended_at"] = .string(end.iso8601)
        if lastEnd.map({ $0.milliseconds < end.milliseconds }) ?? true { lastEnd = end }
    }

    /// Complete: every task is there and has its result, of its own or of the same content,
    /// diverged ones included, and no result was left out because it is damaged.
    /// - Parameter warnings: what stands out in the data of all tasks, a sentence each.
    func foot(warnings: [String]) throws -> String {
        let total = counts.values.reduce(0, +)
        let isComplete =
            TaskState.allCases.filter(\.hasResult).reduce(0) { sum, state in
                sum + counts[state.rawValue, default: 0]
            } == total && damagedCount == 0
        let states = TaskState.allCases.map {
            ($0.rawValue, JSONValue.integer(counts[$0.rawValue] ?? 0))
        }
        let digests = dataDigests.mapValues { JSONValue.string($0.hexadecimal) }
        // Null while tasks are left.
        let finish = isFinal ? lastEnd.map { JSONValue.string($0.iso8601) } ?? .null : .null
        let members: [(String, JSONValue)] = [
            ("counts", .object(Dictionary(uniqueKeysWithValues: states))),
            ("data_sha256", .object(digests)),
            ("kernels", .array(kernels.sorted().map(JSONValue.string))),
            ("finished_at", finish),
            ("warnings", .array(warnings.map(JSONValue.string))),
            ("task_count", .integer(total)), ("complete", .bool(isComplete)),
        ]
        let lines = try members.map { "\"\($0.0)\":\(try text($0.1))" }
        return "\n],\n" + lines.joined(separator: ",\n") + "}\n"
    }

    /// JSON that a terminal can show.
    private func text(_ value: JSONValue) throws -> String {
        String(decoding: try value.canonicalData(), as: UTF8.self).plainJSON
    }
}
