public import Shared
import Synchronization

/// Clocks that a test turns by hand: the wall's and the steady one, apart or together.
public final class TestClock: Sendable {
    private struct State {
        var instant = ContinuousClock.now
        var milliseconds: Int64 = 1_700_000_000_000
    }

    private let state = Mutex(State())

    public init() {}

    public var instant: ContinuousClock.Instant { state.withLock { $0.instant } }
    public var now: Timestamp { state.withLock { Timestamp(milliseconds: $0.milliseconds) } }

    public func advance(by duration: Duration) {
        state.withLock {
            $0.instant += duration
            $0.milliseconds += Int64(duration.seconds * 1000)
        }
    }

    /// As somebody who sets the machine's time does.
    public func jumpWall(milliseconds: Int64) {
        state.withLock { $0.milliseconds += milliseconds }
    }
}

/// Random numbers that are the same at each run, for several threads.
public final class TestRandom: Sendable {
    private let state: Mutex<SeededRandom>

    public init(seed: UInt64) { state = Mutex(SeededRandom(seed: seed, purpose: .dataOrder)) }

    public func bits() -> UInt64 { state.withLock { $0.next() } }
    public func below(_ bound: Int) -> Int { state.withLock { $0.below(bound) } }
    public func chance(_ probability: Double) -> Bool {
        state.withLock { $0.uniform() } < probability
    }
}
