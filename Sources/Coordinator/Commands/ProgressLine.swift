import Shared

/// A sweep's progress as one line: `name [=====>    ] 52%  12 of 54 done, 2 running, ... 1m 20s
/// left`.
struct ProgressLine {
    private let status: SweepStatus

    init(_ status: SweepStatus) { self.status = status }

    /// - Parameter columns: the line is at most that long, by a shorter bar or none.
    func text(columns: Int) -> String {
        let (head, tail) = (status.name.plainLine, " " + facts)
        let barWidth = min(30, columns - head.count - tail.count - 4)
        guard barWidth >= 5 else { return String((head + tail).prefix(columns)) }
        return "\(head) [\(bar(barWidth))]\(tail)"
    }

    private var fraction: Double {
        guard status.epochsTotal > 0 else { return status.isFinished ? 1 : 0 }
        return min(1, max(0, Double(status.epochsCompleted) / Double(status.epochsTotal)))
    }

    private func bar(_ width: Int) -> String {
        let filled = Int((fraction * Double(width)).rounded(.down))
        guard filled < width else { return String(repeating: "=", count: width) }
        return String(repeating: "=", count: filled) + ">"
            + String(repeating: " ", count: width - filled - 1)
    }

    private var facts: String {
        var facts = status.isCancelled ? ["cancelled"] : []
        facts.append("\(status.resultCount) of \(status.taskCount) done")
        for (state, word) in [
            (TaskState.leased, "running"), (.ready, "waiting"), (.failed, "failed"),
            (.cancelled, "cancelled"), (.cached, "cached"), (.pruned, "pruned"),
        ] where status.count(state) > 0 {
            facts.append("\(status.count(state)) \(word)")
        }
        if status.divergedCount > 0 { facts.append("\(status.divergedCount) diverged") }
        if let rate = status.epochsPerSecond, !status.isFinished {
            facts.append("\(rounded(rate)) epochs/s")
        }
        if let seconds = status.secondsLeft, !status.isFinished {
            facts.append("\(HumanDuration.text(seconds: seconds)) left")
        }
        return "\(Int((fraction * 100).rounded(.down)))%  " + facts.joined(separator: ", ")
    }

    private func rounded(_ rate: Double) -> String {
        let tenths = (rate * 10).rounded() / 10
        return rate < 10 ? "\(tenths)" : "\(Int(min(rate, 1e15).rounded()))"
    }
}

/// Durations for people: the two largest units.
enum HumanDuration {
    static func text(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "very long" }
        let whole = Int(max(0, seconds).rounded())
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        guard let first = units.firstIndex(where: { whole >= $0.0 }) else { return "0s" }
        let (size, name) = units[first]
        let head = "\(whole / size)\(name)"
        guard first + 1 < units.count else { return head }
        let (nextSize, nextName) = units[first + 1]
        let rest = whole % size / nextSize
        return rest == 0 ? head : "\(head) \(rest)\(nextName)"
    }
}
