public import Shared

/// All that a training of a gated network resumes from, as a file of exact bits:
///
///     edges.E.weight        the weights of edge E (target's width, source's width)
///     theory                the state of the theory beside it (`TheoryTrack`)
///     flow.step             the integrator's next step, for gradient flow only
///     metadata: numeric_version, epochs_completed, has_learnt_enough
extension GatedTraining {
    public func checkpoint() -> Safetensors {
        var file = Safetensors(metadata: [
            "numeric_version": NumericVersion.current, "epochs_completed": "\(epochsCompleted)",
            "has_learnt_enough": "\(hasLearntEnough)",
        ])
        let network = model.network
        for edge in network.shapes.indices {
            let weight = network.weight(edge)
            file.set("edges.\(edge).weight", weight.values, shape: [weight.rows, weight.columns])
        }
        file.set("theory", theory.state, shape: [theory.state.count])
        if let flow { file.set("flow.step", [flow.step], shape: [1]) }
        return file
    }

    /// Resumes from a checkpoint of the same configuration and numeric version.
    /// Throws if a part is missing or is not what this training can have; the training is then of
    /// no use.
    func resume(_ checkpoint: TrainingCheckpoint) throws {
        FloatEnvironment.setDefault()
        let (file, epochs) = (checkpoint.state, try checkpoint.validate(against: rowSchema))
        let isEnough = rowSchema.hasLearntEnough(checkpoint.rows, after: epochs)
        guard try file.flag("has_learnt_enough") == isEnough else {
            throw TrainingError(
                "The checkpoint's has_learnt_enough is \(!isEnough); its metrics say \(isEnough).")
        }
        for (edge, shape) in model.network.shapes.enumerated() {
            let tensor = try file.tensor("edges.\(edge).weight", .float64, rank: 2)
            guard tensor.shape == [shape.rows, shape.columns] else {
                throw TrainingError(
                    "The checkpoint's weight \(edge) is \(tensor.shape); "
                        + "\([shape.rows, shape.columns]) was wanted.")
            }
            model.network.setWeight(
                edge, Matrix(rows: shape.rows, columns: shape.columns, values: tensor.doubles))
        }
        try theory.resume(
            file.tensor("theory", .float64, rank: 1).doubles, after: checkpoint.rows,
            epochsCompleted: epochs, epochDuration: plan.method.learningRate)
        if let flow { flow.step = try step(file) }
        resume(
            after: epochs, hasLearntEnough: isEnough,
            divergedEpoch: RowSchema.divergedEpoch(in: checkpoint.rows))
    }

    private func step(_ file: Safetensors) throws -> Double {
        let steps = try file.tensor("flow.step", .float64, rank: 1).doubles
        let duration = plan.method.learningRate
        guard steps.count == 1, GradientFlow.canFollow(steps[0], stepsOf: duration) else {
            throw TrainingError(
                "The checkpoint's flow.step is \(steps); one step of epochs of the length "
                    + "\(duration) was wanted.")
        }
        return steps[0]
    }

    func resumed(_ checkpoint: TrainingCheckpoint?) throws -> GatedTraining {
        if let checkpoint { try resume(checkpoint) }
        return self
    }
}
