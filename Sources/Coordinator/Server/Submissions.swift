import Shared

/// Submissions that are being planned now. A large sweep can take longer than its sender waits: it
/// is then sent again, and again, and each time joins the first, which goes on although nobody may
/// listen. Once it is stored, the store knows the answer.
actor Submissions {
    private var running: [RequestID: (fingerprint: Digest, work: Task<SweepCreated, any Error>)] =
        [:]

    /// What `work` returns, done once for all calls of one id that fall together.
    func join(
        _ key: RequestKey, _ work: @escaping @Sendable () async throws -> SweepCreated
    ) async throws -> SweepCreated {
        if let first = running[key.id] {
            guard first.fingerprint == key.fingerprint else { throw StoreError.requestIDReused }
            return try await first.work.value
        }
        let task = Task { try await work() }
        running[key.id] = (key.fingerprint, task)
        defer { running[key.id] = nil }
        return try await task.value
    }
}
