import Testing

@testable import Coordinator

/// No test here waits for time to pass: where one would, a signal was missed, and the limit ends
/// it.
@Suite(.timeLimit(.minutes(10))) struct ReadySignalTests {
    let ready = ReadySignal()

    @Test func `a signal between the look and the wait is not slept through`() async {
        let seen = ready.generation
        ready.notify()
        #expect(await ready.wait(since: seen, atMost: .seconds(3_600)))
    }

    @Test func `a signal wakes everybody`() async {
        let seen = ready.generation
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { await ready.wait(since: seen, atMost: .seconds(3_600)) }
            }
            group.addTask {
                ready.notify()
                return true
            }
            for await woken in group { #expect(woken) }
        }
    }

    @Test func `no wake-up is missed, however signals and waits fall together`() async {
        for _ in 0..<2_000 {
            let seen = ready.generation
            async let waited = ready.wait(since: seen, atMost: .seconds(3_600))
            async let notified: Void = ready.notify()
            _ = await notified
            #expect(await waited)
        }
    }

    @Test func `the wait ends when its time is over`() async {
        #expect(await ready.wait(since: ready.generation, atMost: .milliseconds(1)))
        #expect(await ready.wait(since: ready.generation, atMost: .zero))
    }

    @Test func `a wait ends when its task is cancelled, before or during it`() async {
        for isBefore in [true, false] {
            let task = Task {
                if isBefore { withUnsafeCurrentTask { $0?.cancel() } }
                return await ready.wait(since: ready.generation, atMost: .seconds(3_600))
            }
            task.cancel()
            #expect(await task.value)
        }
    }

    @Test func `closed, it lets nobody wait, and says so`() async {
        let seen = ready.generation
        async let waiting = ready.wait(since: seen, atMost: .seconds(3_600))
        ready.close()
        #expect(await !waiting)
        #expect(await !ready.wait(since: ready.generation, atMost: .seconds(3_600)))
        #expect(ready.isClosed)
    }
}
