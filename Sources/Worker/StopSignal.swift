import Dispatch
import Glibc
import Shared
import Synchronization

/// Tells every part of the worker to stop: bring what is under way to a good end, ask for no more.
///
/// SIGTERM and SIGINT set it; from then on the grace runs. A second one ends the process at once,
/// for a person in a hurry.
final class StopSignal: Sendable {
    /// How long after the signal the worker may take to end.
    let grace: Duration
    private let flag = Atomic<Bool>(false)
    private let state = Mutex(State())

    private struct State {
        var reason = ""
        var setAt: ContinuousClock.Instant?
    }

    init(grace: Duration = .seconds(Limits.graceSecondsDefault)) { self.grace = grace }

    var isSet: Bool { flag.load(ordering: .acquiring) }
    var reason: String { state.withLock { $0.reason } }

    func set(_ reason: String) {
        state.withLock { state in
            guard state.setAt == nil else { return }
            state = State(reason: reason, setAt: .now)
        }
        flag.store(true, ordering: .releasing)
    }

    /// What is left until `share` of the grace is over; nil before the signal. Not below zero.
    func timeLeft(untilShare share: Double) -> Duration? {
        guard isSet, let setAt = state.withLock({ $0.setAt }) else { return nil }
        return max(.zero, setAt + grace * share - ContinuousClock.now)
    }

    /// Whether `share` of the grace is over.
    func isPast(share: Double) -> Bool { timeLeft(untilShare: share) == .zero }

    /// As `sleep` before the signal; after it a short while, so that what is tried again in the
    /// grace is not tried in a tight loop.
    func pause(seconds: Double) {
        if isSet {
            usleep(UInt32(min(max(0, seconds), 0.25) * 1e6))
        } else {
            sleep(seconds: seconds)
        }
    }

    /// Waits, in short steps, so that it returns soon after the signal is set.
    func sleep(seconds: Double) {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isSet, ContinuousClock.now < end {
            let rest = min((end - ContinuousClock.now) / .microseconds(1), 100_000)
            usleep(UInt32(max(0, rest)))
        }
    }

    /// Listens for the signals for as long as the returned sources live.
    func listen() -> [any DispatchSourceSignal] {
        [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                if isSet { _exit(130) }
                set(name)
                endWhenOverdue()
            }
            source.resume()
            return source
        }
    }

    /// For what cannot be broken off, such as a disk that hangs: 75 says that it may be tried
    /// again.
    private func endWhenOverdue() {
        let limit = grace.seconds + Limits.graceExcessSeconds
        DispatchQueue.global().asyncAfter(deadline: .now() + limit) { _exit(75) }
    }
}
