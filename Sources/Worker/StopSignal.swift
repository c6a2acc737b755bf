import Dispatch
import Glibc
import Synchronization

/// Tells every part of the worker to stop: hand back what is unfinished, ask for no more.
///
/// SIGTERM and SIGINT set it; a second one ends the process at once, for a person in a hurry.
final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    private let reasonText = Mutex("")

    var isSet: Bool { flag.load(ordering: .acquiring) }
    var reason: String { reasonText.withLock { $0 } }

    func set(_ reason: String) {
        reasonText.withLock { if $0.isEmpty { $0 = reason } }
        flag.store(true, ordering: .releasing)
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
            }
            source.resume()
            return source
        }
    }
}
