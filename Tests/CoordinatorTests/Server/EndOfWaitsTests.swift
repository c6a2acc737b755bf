import Glibc
import Logging
import ServiceLifecycle
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// The last word of a coordinator that is told to end, whatever else its other guards do.
@Suite(.timeLimit(.minutes(10))) struct EndOfWaitsTests {
    /// A call that nothing brings to its end, until the test is over.
    private struct EndlessCall: Service {
        let begun: ReadySignal
        let over: ReadySignal

        func run() async throws {
            begun.notify()
            _ = await over.wait(since: 0, atMost: .seconds(3_600))
        }
    }

    @Test func `nobody is told of the end before it`() async throws {
        let services = try await ServerWorld().server.services(
            EndlessCall(begun: ReadySignal(), over: ReadySignal()))
        #expect(services.count > 3 && services.last?.service is EndOfWaits)
    }

    @Test func `a call that never ends does not keep the process`() async throws {
        let code = Mutex<Int32?>(nil)
        let (begun, over, ready) = (ReadySignal(), ReadySignal(), ReadySignal())
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let ends = EndOfWaits(
            store: try StoreWorld().store, ready: ready, logger: logger, graceSeconds: 0.05,
            end: { number in
                code.withLock { $0 = number }
                over.close()
            })
        let group = ServiceGroup(
            services: [EndlessCall(begun: begun, over: over), ends],
            gracefulShutdownSignals: [], logger: logger)
        async let running: Void = group.run()
        _ = await begun.wait(since: 0, atMost: .seconds(3_600))
        await group.triggerGracefulShutdown()
        // Whoever waits for a task is sent away at once.
        _ = await ready.wait(since: 0, atMost: .seconds(3_600))
        #expect(ready.isClosed)
        try? await running
        #expect(code.withLock { $0 } == EXIT_SUCCESS)
    }
}
