import Hummingbird
import NIOCore

/// What the coordinator knows of a call beside its request.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Set once the call's token was accepted; nil for routes that need none.
    var caller: Caller?
    private let channel: any Channel

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Runs `work` in a task of its own, and cancels that once the client has closed the
    /// connection, or at least its half of it.
    /// - Throws: `CancellationError` if the work heeds that.
    func untilClientLeaves<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task(operation: work)
        let watch = DepartureWatch { task.cancel() }
        defer { watch.end() }
        let pipeline = channel.pipeline
        channel.eventLoop.execute {
            // Without a connection, as in a test of the router, there is no guard.
            let connection = try? pipeline.syncOperations.handler(type: ConnectionGuard.self)
            connection?.add(watch)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
