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

    /// - Parameter comparisons: what other hosts' reruns have come to, by position.
    init(of sweep: StoredSweep, comparisons: [Int: Store.Comparison]) {
        self.sweep = sweep
        self.comparisons = comparisons
    }

    func head() throws -> String {
        "{\"sweep\":\(try text(.string(sweep.name))),\n"
            + "\"specification\":\(sweep.specification.plainJSON),"
            + "\n\"tasks\":[\n"
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
            }
        }
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
        return "\n],\n\"counts\":\(try text(.object(Dictionary(uniqueKeysWithValues: states)))),"
            + "\n\"warnings\":\(try text(.array(warnings.map(JSONValue.string)))),"
            + "\n\"task_count\":\(total),\n\"complete\":\(isComplete)}\n"
    }

    /// JSON that a terminal can show.
    private func text(_ value: JSONValue) throws -> String {
        String(decoding: try value.canonicalData(), as: UTF8.self).plainJSON
    }
}
