import Shared
import Testing

@testable import Trainer

/// What a training takes of a host. Its memory is held against the system's count by the tests that
/// run `gdln-worker train`.
@Suite struct TrainingNeedTests {
    private func need(
        _ change: (inout KPathConfiguration) -> Void = { _ in }, threadsMax: Int = 256
    ) throws -> TrainingNeed {
        var configuration = SmallNetworks.configuration(
            domains: 100, classes: 10, width: 128, gate: .plusMod(k: 50), batch: 8)
        change(&configuration)
        return try Configuration.kPath(configuration)
            .need(dataset: EmbeddedDataset.make(), threadsMax: threadsMax)
    }

    @Test func `weights and velocity are nearly all of it`() throws {
        let parameters = 4 * 100 * 784 * 128
        let need = try need(threadsMax: 2)
        #expect(need.bytes > 2 * parameters && need.bytes < 8 * parameters / 3)
    }

    @Test func `a checkpoint takes no more than was expected`() throws {
        let parameters = 4 * 100 * 784 * 128
        #expect(try need().checkpointBytes > 2 * parameters)
        let configuration = Configuration.kPath(
            SmallNetworks.configuration(domains: 9, width: 20))
        let dataset = try KPathTrainingTests.dataset()
        let file = try configuration.makeTraining(dataset: dataset).checkpoint()
        let size = file.tensors.values.reduce(0) { $0 + $1.bytes.count }
        #expect(size <= (try configuration.need(dataset: dataset, threadsMax: 1)).checkpointBytes)
    }

    @Test func `Adam passes all of its numbers in each step, SGD none`() throws {
        #expect(try need().bytesEachStep == 0)
        let adam = try need { $0.optimizer = .adam(.init(learningRate: 0.1)) }
        let parameters = 4 * 100 * 784 * 128
        #expect(adam.bytesEachStep > 3 * parameters && adam.bytesEachStep < 7 * parameters / 2)
    }

    @Test(arguments: [(3, 8, 1), (10, 16, 1), (10, 64, 1), (40, 128, 20), (100, 1024, 256)])
    func `a small network has no use for many threads`(domains: Int, width: Int, threads: Int)
        throws
    {
        let found = try need {
            ($0.domains, $0.hiddenWidth) = (domains, width)
            $0.gate = GateRecipe(family: .plusMod(k: max(1, domains / 2)))
        }
        #expect(found.threadsUseful >= threads && found.threadsUseful <= 2 * threads)
    }

    @Test func `no more threads than there are`() throws {
        #expect(try need(threadsMax: 3).threadsUseful == 3)
        #expect(try need(threadsMax: 3).bytes < need(threadsMax: 30).bytes)
    }

    @Test func `what does not fit the data is refused`() {
        #expect(throws: TrainingError.self) { try need { $0.hiddenWidth = 0 } }
    }

    @Test func `threads that come and go change no bit`() throws {
        let configuration = SmallNetworks.configuration(domains: 9, width: 20, epochs: 3)
        let dataset = try KPathTrainingTests.dataset()
        func rows(_ threads: [Int]) throws -> [MetricRow] {
            let training = try Configuration.kPath(configuration).makeTraining(
                dataset: dataset, threads: threads[0], threadsMax: 3)
            var (rows, asked): ([MetricRow], Int) = ([], 0)
            while !training.isFinished {
                rows += try #require(
                    training.trainEpoch {
                        asked += 1
                        training.threads = threads[asked % threads.count]
                        return false
                    })
            }
            return rows
        }
        let alone = try rows([1])
        #expect(try rows([2, 1, 3, 3, 1]) == alone)
        #expect(try rows([3, 9, 0]) == alone)
    }
}
