import Foundation
import Shared
import TestSupport

/// I11 to I15: reports, the file, secrets, resources, traffic.
extension Checker {
    func otherReports() -> [String] {
        evidence.reports.flatMap { reports -> [String] in
            var found: [String] = []
            if reports.report != reports.reportAgain {
                found.append("sweep \(reports.sweep): two reports of one store differ")
            }
            let tasks = store.tasks.filter { $0.sweep == reports.sweep }
                .sorted { $0.position < $1.position }
            let table = Table(reports.report)
            for (column, wanted) in reportColumns(tasks) where table.column(column) != wanted {
                found.append("sweep \(reports.sweep): the report's \(column) is not the store's")
            }
            if reports.history != history(of: tasks) {
                found.append("sweep \(reports.sweep): the history is not the store's")
            }
            return found
        }
    }

    /// The columns that a store's rows say, by name.
    private func reportColumns(_ tasks: [StoredState.TaskRow]) -> [(String, [String])] {
        let loss = tasks.map { task in
            let last = currentRows(task).last { $0.row?.split == .test }
            return last?.row?.values[MetricName.lossTrainedPaths]?.text ?? ""
        }
        return [
            ("position", tasks.map { "\($0.position)" }), ("task", tasks.map(\.id)),
            ("state", tasks.map(\.state)),
            ("epochs_completed", tasks.map { "\($0.epochsCompleted)" }),
            ("trajectory_sha256", tasks.map { $0.trajectory ?? "" }),
            ("error", tasks.map { $0.error ?? "" }), (MetricName.lossTrainedPaths, loss),
        ]
    }

    private func currentRows(_ task: StoredState.TaskRow) -> [StoredState.Metric] {
        index.metricsByAttempt[.init(task: task.number, attempt: task.attempt)] ?? []
    }

    private func history(of tasks: [StoredState.TaskRow]) -> String {
        var text = "task,epoch,split,metric,value\r\n"
        for task in tasks {
            for row in currentRows(task).compactMap(\.row) {
                for (name, value) in row.values.sorted(by: { $0.key < $1.key }) {
                    text += "\(task.id),\(row.epoch),\(row.split.rawValue),\(name),"
                    text += "\(value.text)\r\n"
                }
            }
        }
        return text
    }

    func unsound() -> [String] {
        let states = ["ready", "leased", "succeeded", "failed", "cancelled"]
        return store.damage
            + store.tasks.filter { !states.contains($0.state) }
            .map { "task \($0.id) is \($0.state)" }
            + store.tasks.filter { ($0.state == "succeeded") != ($0.trajectory != nil) }
            .map { "task \($0.id) is \($0.state), its trajectory \($0.trajectory ?? "none")" }
    }

    func tokensSeen() -> [String] {
        // Half an access token's secret is as long as a lease's token, and no less of a leak.
        let length = Evidence.secretDigits
        let secrets = evidence.accessTokens.compactMap { $0.split(separator: "_").last }
        let tokens = Set(
            index.grants.values.map { Array($0.lease.token.rawValue.utf8.prefix(length)) }
                + secrets.map { Array($0.utf8.prefix(length)) })
        return evidence.texts.flatMap { text in
            text.bytes.split(whereSeparator: { !Self.isHexadecimal($0) })
                .filter { $0.count >= length }.compactMap { run -> String? in
                    let digits = Array(run)
                    let hit = (0...digits.count - length).contains {
                        tokens.contains(Array(digits[$0..<$0 + length]))
                    }
                    return hit ? "a token stands in \(text.name)" : nil
                }
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }

    func excesses() -> [String] {
        let bounds = evidence.bounds
        let limits = [
            ("rss_kib", bounds.memoryKiBMax), ("files", bounds.filesMax),
            ("wal_kib", bounds.logKiBMax),
        ]
        return evidence.history.marks.filter { $0.kind == .usage }.flatMap { mark -> [String] in
            let values = mark.text.split(separator: " ").map { $0.split(separator: "=") }
            return limits.compactMap { name, limit in
                guard let pair = values.first(where: { $0.first.map(String.init) == name }),
                    let value = pair.last.flatMap({ Int($0) })
                else { return "\(name) was not measured" }
                return value <= limit ? nil : "\(name) is \(value), wanted \(limit) at most"
            }
        }
    }

    func thinTraffic() -> [String] {
        let count = calls.filter { $0.isOK && $0.status != 204 }.count
        return count >= evidence.bounds.callsMin
            ? [] : ["\(count) acknowledged calls, wanted \(evidence.bounds.callsMin)"]
    }
}
