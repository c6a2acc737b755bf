import Shared
import Testing

@testable import Trainer

/// The rule that everything else hangs on: neither kernels nor threads change a bit.
@Suite struct SameBitsTests {
    private func answer(_ configuration: KPathConfiguration, _ machine: Machine) throws -> Digest {
        SelfTest.trainToEnd(
            try KPathTraining(
                configuration: configuration, dataset: KPathTrainingTests.dataset(),
                machine: machine))
    }

    @Test(arguments: SmallNetworks.all.indices, [false, true])
    func `all kernels and any number of threads train alike`(index: Int, adam: Bool) throws {
        var configuration = SmallNetworks.all[index]
        if adam { configuration.optimizer = .adam(.init(learningRate: 0.01)) }
        var digests: Set<Digest> = []
        for name in Machine.kernelNames {
            for threads in 1...3 {
                digests.insert(
                    try answer(configuration, Machine(kernels: name, threads: threads)))
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
                    try answer(configuration, Machine(kernels: name, threads: threads)))
            }
        }
        #expect(digests.count <= 1)
    }
}
