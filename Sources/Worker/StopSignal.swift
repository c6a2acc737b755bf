import Dispatch
import Glibc
import Shared
import Synchronization

/// Tells every part of the worker to stop: bring what is under way to a good end, ask for no more.
///
/// SIGTERM, SIGINT and the signals by which batch systems and terminals announce the end set it;
/// from then on the grace runs. A second SIGTERM or SIGINT ends the process at once, for a person
/// in a hurry. Of the others a second one changes nothing: a terminal that closes sends SIGHUP
/// twice, and systemd and Slurm send SIGTERM beside or after theirs.
final class StopSignal: Sendable {
    /// How long after the signal the worker may take to end.
    let grace: Duration
    private let flag = Atomic<Bool>(false)
    private let state = Mutex(State())

    private struct State {
        var reason = ""
        var setAt: ContinuousClock.Instant?
        /// Whether a SIGTERM or SIGINT has come.
        var isAsked = false
    }

    init(grace: Duration = .seconds(Limits.graceSecondsDefault)) { self.grace = grace }

    var isSet: Bool { flag.load(ordering: .acquiring) }
    var reason: String { state.withLock { $0.reason } }

    func set(_ reason: String) {
        state.withLock { state in
            guard state.setAt == nil else { return }
            (state.reason, state.setAt) = (reason, .now)
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

    /// Takes a signal.
    /// - Returns: whether the process is to end at once.
    func receive(_ signal: Kind) -> Bool {
        set(signal.name)
        guard signal.mayHurry else { return false }
        return state.withLock { state in
            defer { state.isAsked = true }
            return state.isAsked
        }
    }

    struct Kind: Sendable {
        let number: Int32
        let name: String
        var mayHurry = false
    }

    /// SIGXCPU announces the end of a time limit on the processor.
    static let kinds = [
        Kind(number: SIGTERM, name: "SIGTERM", mayHurry: true),
        Kind(number: SIGINT, name: "SIGINT", mayHurry: true),
        Kind(number: SIGHUP, name: "SIGHUP"), Kind(number: SIGUSR1, name: "SIGUSR1"),
        Kind(number: SIGUSR2, name: "SIGUSR2"), Kind(number: SIGXCPU, name: "SIGXCPU"),
    ]

    /// Listens for the signals for as long as the returned sources live. SIGHUP stays ignored if
    /// whoever started the process has it ignore that, such as `nohup`.
    func listen() -> [any DispatchSourceSignal] {
        let isDetached = ProcessSignals.isHangUpIgnored
        return Self.kinds.filter { $0.number != SIGHUP || !isDetached }.map { kind in
            signal(kind.number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: kind.number, queue: .global())
            source.setEventHandler { [self] in
                let isFirst = !isSet
                if receive(kind) { Self.end(130) }
                if isFirst { endWhenOverdue() }
            }
            source.resume()
            return source
        }
    }

    private static func end(_ code: Int32) {
        LineWriter.standardError.flush()
        _exit(code)
    }

    /// For what cannot be broken off, such as a disk that hangs: 75 says that it may be tried
    /// again.
    private func endWhenOverdue() {
        let limit = grace.seconds + Limits.graceExcessSeconds
        DispatchQueue.global().asyncAfter(deadline: .now() + limit) { Self.end(75) }
    }
}
