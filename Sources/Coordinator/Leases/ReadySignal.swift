/// Wakes the workers that wait for a task when there may be one.
actor ReadySignal {
    /// Raised by each `notify`. Read before looking for a task, so that one that comes between the
    /// look and the wait is not slept through.
    private(set) var generation = 0
    private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    private var nextNumber = 0
    private var isClosed = false

    func notify() {
        generation += 1
        let woken = waiting.values
        waiting = [:]
        for continuation in woken { continuation.resume() }
    }

    /// Ends all waits, now and from now on: the coordinator is about to stop.
    func close() {
        isClosed = true
        notify()
    }

    /// Returns once `notify` was called since `generation` was read, or the time is over, or the
    /// caller's task is cancelled. False once the signal is closed.
    func wait(since seen: Int, atMost duration: Duration) async -> Bool {
        guard !isClosed else { return false }
        guard generation == seen else { return true }
        let number = nextNumber
        nextNumber += 1
        let timer = Task {
            try? await Task.sleep(for: duration)
            self.end(number)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiting[number] = $0 }
        } onCancel: {
            Task { await self.end(number) }
        }
        timer.cancel()
        return !isClosed
    }

    private func end(_ number: Int) {
        waiting.removeValue(forKey: number)?.resume()
    }
}
