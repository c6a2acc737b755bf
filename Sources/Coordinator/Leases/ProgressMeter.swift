import Shared
import Synchronization

/// How fast each sweep is being trained: epochs a second over the last few minutes. In memory alone:
/// after a restart it measures anew.
final class ProgressMeter: Sendable {
    static let window: Duration = .seconds(120)
    /// A rate over less than this would only be noise.
    static let spanMin: Duration = .seconds(1)

    private struct Sample {
        var instant: ContinuousClock.Instant
        var epochs: Int
    }

    private let samples = Mutex<[SweepID: [Sample]]>([:])

    /// Some epochs more were completed.
    func add(_ epochs: Int, to sweep: SweepID, now: ContinuousClock.Instant) {
        guard epochs > 0 else { return }
        samples.withLock {
            var kept = $0[sweep, default: []].filter { now - $0.instant <= Self.window }
            // A sample a second is fine enough, and bounds how many there are.
            if let last = kept.last, now - last.instant < .seconds(1) {
                kept[kept.count - 1].epochs += epochs
            } else {
                kept.append(Sample(instant: now, epochs: epochs))
            }
            $0[sweep] = kept
        }
    }

    /// Epochs a second; nil before there are samples over more than a second.
    func rate(of sweep: SweepID, now: ContinuousClock.Instant) -> Double? {
        samples.withLock {
            let kept = ($0[sweep] ?? []).filter { now - $0.instant <= Self.window }
            guard let first = kept.first, now - first.instant >= Self.spanMin else { return nil }
            // The first sample's epochs were trained before the span began.
            let epochs = kept.dropFirst().reduce(0) { $0 + $1.epochs }
            return Double(epochs) / (now - first.instant).seconds
        }
    }
}
