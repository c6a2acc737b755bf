import Synchronization

/// What is to be done if the client of one call closes its connection before the answer.
final class DepartureWatch: Sendable {
    private let action: Mutex<(@Sendable () -> Void)?>

    init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(action) }

    var hasEnded: Bool { action.withLock { $0 == nil } }

    /// The call has its answer.
    func end() { action.withLock { $0 = nil } }

    /// The client is gone.
    func clientLeft() {
        let action = action.withLock { action in
            defer { action = nil }
            return action
        }
        action?()
    }
}
