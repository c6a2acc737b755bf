import Foundation
import Synchronization
import Testing

@testable import Trainer

/// Threads that share out items: each item once, none in two rounds, whoever sleeps.
@Suite struct CrewTests {
    @Test(arguments: [1, 2, 3, 5])
    func `every item of every round is done once`(threads: Int) throws {
        let crew = try Crew(threads: threads)
        for round in 0..<3_000 {
            let items = [0, 1, 2, 3, 7, 64][round % 6]
            // Left to themselves for long enough, the others sleep in the kernel.
            if round % 500 == 499 { Thread.sleep(forTimeInterval: 0.01) }
            let done = (0..<items).map { _ in Counter() }
            crew.run(items) { item, thread in
                #expect((0..<threads).contains(thread))
                done[item].count.wrappingAdd(1, ordering: .relaxed)
            }
            #expect(done.allSatisfy { $0.count.load(ordering: .relaxed) == 1 }, "round \(round)")
        }
    }

    @Test func `a thread's items are the same neighbours in every round`() throws {
        let crew = try Crew(threads: 2)
        // Each waits for the other to have begun, so that nobody helps out.
        for _ in 0..<20 {
            let begun = Counter()
            let owner = Mutex([Int](repeating: -1, count: 2))
            crew.run(2) { item, thread in
                begun.count.wrappingAdd(1, ordering: .relaxed)
                while begun.count.load(ordering: .relaxed) < 2 { sched_yield() }
                owner.withLock { $0[item] = thread }
            }
            #expect(owner.withLock { $0 } == [0, 1])
        }
    }

    @Test func `its threads come and go between rounds, within bounds`() throws {
        let crew = try Crew(threads: 3, active: 1)
        #expect(crew.active == 1)
        for (wanted, active) in [(3, 3), (2, 2), (9, 3), (0, 1), (1, 1), (2, 2)] {
            crew.setActive(wanted)
            #expect(crew.active == active && crew.threads == 3)
            let taken = Buffer<Int32>(count: 100)
            crew.run(100) { item, thread in taken.base[item] += thread < active ? 1 : 100 }
            #expect(taken.values.allSatisfy { $0 == 1 })
        }
    }

    @Test func `a number of threads that makes no sense is refused`() {
        #expect(
            throws: TrainingError("0 threads are asked for; wanted: from 1 to 256.")
        ) { try Crew(threads: 0) }
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }
}
