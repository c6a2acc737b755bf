import Glibc
import Shared
import Synchronization
import Testing

@testable import Trainer

/// The rule that everything else hangs on: neither kernels nor threads change a bit.
@Suite struct SameBitsTests {
    private func trajectory(_ configuration: KPathConfiguration, _ machine: Machine) throws
        -> Digest
    {
        let training = try KPathTraining(
            configuration: configuration, dataset: KPathTrainingTests.dataset(), machine: machine)
        var digest = TrajectoryDigest()
        while !training.isFinished {
            for row in try #require(training.trainEpoch(shouldStop: { false })) {
                digest.append(row)
            }
        }
        return digest.digest
    }

    @Test(arguments: SmallNetworks.all.indices, [false, true])
    func `all kernels and any number of threads train alike`(index: Int, adam: Bool) throws {
        var configuration = SmallNetworks.all[index]
        if adam { configuration.optimizer = .adam(.init(learningRate: 0.01)) }
        var digests: Set<Digest> = []
        for name in Machine.kernelNames {
            for threads in 1...3 {
                digests.insert(
                    try trajectory(configuration, Machine(kernels: name, threads: threads)))
            }
        }
        #expect(digests.count == 1)
    }

    @Test func `wide networks too, whose products go in many blocks`() throws {
        var digests: Set<Digest> = []
        for name in Machine.kernelNames where name != "portable" {
            for threads in 1...3 {
                let configuration = SmallNetworks.configuration(
                    width: 272, gate: .plusMod(k: 3), columns: .permuted, batch: 8)
                digests.insert(
                    try trajectory(configuration, Machine(kernels: name, threads: threads)))
            }
        }
        #expect(digests.count <= 1)
    }
}

@Suite struct CrewTests {
    @Test(arguments: 1...4)
    func `every item is taken once, round after round`(threads: Int) throws {
        let crew = try Crew(threads: threads)
        for items in [0, 1, 2, 7, 100] {
            for _ in 0..<20 {
                let taken = Buffer<Int32>(count: items)
                crew.run(items) { item, thread in
                    taken.base[item] += thread < threads ? 1 : 100
                }
                #expect(taken.values.prefix(items).allSatisfy { $0 == 1 })
            }
        }
    }

    /// Nobody ends its first item before all have begun one: so each thread takes one.
    @Test(arguments: 2...4)
    func `every thread takes part, and takes its items once`(threads: Int) throws {
        let crew = try Crew(threads: threads)
        for _ in 0..<50 {
            let taken = Buffer<Int32>(count: 8)
            let begun = Atomic<Int>(0)
            let end = ContinuousClock.now + .seconds(30)
            crew.run(8) { item, _ in
                taken.base[item] += 1
                begun.add(1, ordering: .relaxed)
                while begun.load(ordering: .relaxed) < threads, ContinuousClock.now < end {
                    sched_yield()
                }
            }
            #expect(taken.values == Array(repeating: 1, count: 8))
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
}
