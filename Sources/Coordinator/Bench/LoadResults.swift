import Synchronization

/// What the connections of one load were answered, and how fast.
final class LoadResults: Sendable {
    private struct State {
        var microseconds: [String: [UInt32]] = [:]
        var refusals: [Int: Int] = [:]
        var failures: [String: Int] = [:]
    }

    private let state = Mutex(State())

    func add(_ kind: String, status: Int, nanoseconds: Int64) {
        state.withLock {
            if (200..<300).contains(status) {
                $0.microseconds[kind, default: []].append(UInt32(clamping: nanoseconds / 1000))
            } else {
                $0.refusals[status, default: 0] += 1
            }
        }
    }

    func addFailure(_ reason: String) {
        state.withLock { $0.failures[reason, default: 0] += 1 }
    }

    /// How many were answered with 2xx.
    func count(_ kind: String) -> Int { state.withLock { $0.microseconds[kind]?.count ?? 0 } }

    /// Sentences about everything that was not answered with 2xx.
    var complaints: [String] {
        state.withLock { state in
            state.refusals.sorted { $0.key < $1.key }.map { "\($0.value) answers of \($0.key)" }
                + state.failures.sorted { $0.key < $1.key }.map { "\($0.value) times: \($0.key)" }
        }
    }

    /// Milliseconds within which half, and 99 in 100, of the answers came; nil where there is none.
    func latency(_ kind: String) -> Latency? {
        let sorted = state.withLock { $0.microseconds[kind] ?? [] }.sorted()
        guard !sorted.isEmpty else { return nil }
        let at = { (share: Double) in
            Double(sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]) / 1000
        }
        return Latency(p50: at(0.5), p99: at(0.99))
    }

    struct Latency: Encodable {
        var p50: Double
        var p99: Double
    }
}
