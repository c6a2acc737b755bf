import Dispatch
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// How the worker's calls wait and give up.
@Suite struct CoordinatorAccessTests {
    @Test func `a call that is held is repeated only once it may be`() async throws {
        let server = try ScriptedServer([.hangUp, .answer(status: 204)])
        defer { server.stop() }
        let (isHeld, asked) = (Flag(true), Counter())
        let ended = DispatchSemaphore(value: 0)
        let access = CoordinatorAccess(address: server.address, stop: StopSignal())
        DispatchQueue(label: "call").async {
            let client = try? access.client(holdingWhile: {
                asked.increment()
                return isHeld.value
            })
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "w"), host: "h", slots: 1, waitSeconds: 0,
                selfTest: .right)
            _ = try? client?.lease(request)
            ended.signal()
        }
        try await eventually("it asks and asks") { asked.value > 5 }
        #expect(server.received.count == 1)
        isHeld.value = false
        try await eventually("it is repeated") {
            ended.wait(timeout: .now()) == .success
        }
        #expect(server.received.count == 2)
        #expect(Set(server.received.map { $0.headers["request-id"] }).count == 1)
    }

    /// Else a coordinator that was away would take the worker for lost before it calls again.
    @Test func `what is about a lease is repeated as often as heartbeats at least`() {
        func longest(_ leaseSeconds: Double) -> Double {
            let lease = Lease(
                id: LeaseID(unchecked: "l"), token: LeaseToken(unchecked: "t"),
                task: SweepTaskID(unchecked: "a"), sweep: "s", attempt: 1,
                configuration: .object([:]), dataDigest: TrajectoryDigest().digest,
                expiresInSeconds: leaseSeconds)
            return CoordinatorAccess.retry(for: lease).delaySeconds(
                afterAttempt: 100, retryAfterSeconds: nil, uniform: 1)
        }
        #expect(longest(3) == 1)
        #expect(longest(30) == 10)
        #expect(longest(86_400) == Limits.retryDelaySecondsMax)
    }

    private final class Flag: Sendable {
        private let flag: Mutex<Bool>
        init(_ value: Bool) { flag = Mutex(value) }
        var value: Bool {
            get { flag.withLock { $0 } }
            set { flag.withLock { $0 = newValue } }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func increment() { count.withLock { $0 += 1 } }
    }
}
