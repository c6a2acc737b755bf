import Foundation
import Shared

@testable import Trainer

/// Trainings so small that a checkpoint of one has a few kilobytes, of every experiment and every
/// kind of state: `deploy/fuzz` and the tests of changed checkpoints train on from them.
enum SmallTraining: String, CaseIterable, Sendable {
    case momentum, adam, routing, flow

    static let epochs = 5
    /// How often an epoch of these may ask whether to stop: a hundred times what it needs.
    private static let looksMax = 100_000

    private var json: String {
        let kPath = """
            "experiment":"k_path","dataset":"tiny","domains":2,"classes":2,"hidden_width":2,
            "batch_size":1,"gate":{"family":"plus_mod","k":1}
            """
        return switch self {
        case .momentum:
            kPath + #","optimizer":{"name":"sgd","learning_rate":0.1,"momentum":0.9}"#
        case .adam:
            kPath + #","optimizer":{"name":"adam","learning_rate":0.1,"amsgrad":true}"#
        case .routing:
            """
            "experiment":"routing","domains":2,"hidden_width":2,"init":{"gain":0.5},
            "gate":{"family":"plus_mod","k":1},
            "data":{"kind":"tree","depth":1,"branching":2,"strengths":[2,1]},
            "method":{"name":"gradient_descent","learning_rate":0.1}
            """
        case .flow:
            """
            "experiment":"gated_network","hidden_width":2,"init":{"gain":0.5},
            "network":{"kind":"xor","scheme":"half_planes"},
            "method":{"name":"gradient_flow","learning_rate":0.1,"tolerance":1e-6}
            """
        }
    }

    func configuration() throws -> Configuration {
        let text = "{\"epochs\":\(Self.epochs),\"evaluation\":{\"every_epochs\":2},\(json)}"
        return try Configuration(reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
    }

    func make(resuming checkpoint: TrainingCheckpoint? = nil) throws -> any Training {
        let split = Dataset.Split(inputs: .features([1, 2, 3, 4], count: 2), labels: [0, 1])
        return try configuration().makeTraining(
            dataset: Dataset(train: split, test: split), resuming: checkpoint)
    }

    /// What a training of so many epochs leaves.
    func checkpoint(after epochs: Int) throws -> TrainingCheckpoint {
        let training = try make()
        var rows: [MetricRow] = []
        while training.epochsCompleted < epochs {
            rows += training.trainEpoch(shouldStop: { false }) ?? []
        }
        return TrainingCheckpoint(state: training.checkpoint(), rows: rows)
    }

    enum Outcome: Equatable {
        case refused(String)
        /// From so many epochs to one more, or none where all were trained.
        case trained(from: Int)
        /// What must never be.
        case wrong(String)
    }

    /// Resumes, trains one epoch, and resumes from what that leaves.
    func trainOn(from checkpoint: TrainingCheckpoint) -> Outcome {
        guard let training = try? make() else { return .wrong("nothing can be trained") }
        do {
            try Self.resume(training, checkpoint)
        } catch {
            return "\(error)".isEmpty ? .wrong("refused without a reason") : .refused("\(error)")
        }
        let epochs = training.epochsCompleted
        guard (0...Self.epochs).contains(epochs) else { return .wrong("\(epochs) epochs") }
        guard !training.isFinished else { return .trained(from: epochs) }
        var looks = 0
        let rows = training.trainEpoch {
            looks += 1
            return looks > Self.looksMax
        }
        guard let rows else { return .wrong("the epoch does not end") }
        guard training.epochsCompleted == epochs + 1 else { return .wrong("an epoch is not one") }
        let next = TrainingCheckpoint(state: training.checkpoint(), rows: checkpoint.rows + rows)
        do {
            _ = try make(resuming: next)
        } catch {
            return .wrong("what it leaves is refused: \(error)")
        }
        return .trained(from: epochs)
    }

    private static func resume(_ training: any Training, _ checkpoint: TrainingCheckpoint) throws {
        switch training {
        case let training as KPathTraining: try training.resume(checkpoint)
        case let training as GatedTraining: try training.resume(checkpoint)
        default: throw TrainingError("There are no other trainings.")
        }
    }
}
