import Shared

/// Submissions that are being planned and stored now. A large sweep can take longer than its sender
/// waits: it is then sent again, and again, and each time joins the first. Once it is stored, the
/// store knows the answer. If nobody has waited for it for a while, it is cancelled: its sender
/// will not come back.
actor Submissions {
    private struct Entry {
        let fingerprint: Digest
        let work: Task<SweepCreated, any Error>
        var listeners: Set<Int>
    }

    private var running: [RequestID: Entry] = [:]
    private var nextListener = 0
    private let patience: Duration

    /// - Parameter patience: longer than a sender pauses between two tries.
    init(patience: Duration = .seconds(Limits.abandonedSubmissionSeconds)) {
        self.patience = patience
    }

    /// What `work` returns, done once for all calls of one id that fall together. A caller whose
    /// task is cancelled counts no longer as one that waits.
    func join(
        _ key: RequestKey, _ work: @escaping @Sendable () async throws -> SweepCreated
    ) async throws -> SweepCreated {
        nextListener += 1
        let listener = nextListener
        let task: Task<SweepCreated, any Error>
        if let first = running[key.id] {
            guard first.fingerprint == key.fingerprint else { throw StoreError.requestIDReused }
            running[key.id]?.listeners.insert(listener)
            task = first.work
        } else {
            task = Task { try await work() }
            running[key.id] = Entry(
                fingerprint: key.fingerprint, work: task, listeners: [listener])
            Task {
                _ = try? await task.value
                running[key.id] = nil
            }
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            Task { await self.leave(key.id, listener) }
        }
    }

    /// Callers that wait.
    var listenerCount: Int { running.values.reduce(0) { $0 + $1.listeners.count } }

    private func leave(_ id: RequestID, _ listener: Int) async {
        guard running[id]?.listeners.remove(listener) != nil,
            running[id]?.listeners.isEmpty == true
        else { return }
        try? await Task.sleep(for: patience)
        guard let entry = running[id], entry.listeners.isEmpty else { return }
        entry.work.cancel()
    }
}
