public import Shared

/// All that a training resumes from, as a file: parameters, what the optimizer keeps of each, steps
/// and epochs. The exact bits of each, so that a training that was resumed cannot be told from one
/// that was never stopped, whatever the process, the kernels and the number of threads.
///
///     encoders.0.1.weight ...                      the parameters, under PyTorch's names
///     optimizer.I.encoders.0.1.weight ...          state I of the optimizer
///     metadata: numeric_version, epochs_completed, optimizer_steps
extension KPathTraining {
    /// The training as it stands between two epochs.
    public func checkpoint() -> Safetensors {
        var file = Safetensors(metadata: [
            "numeric_version": NumericVersion.current,
            "epochs_completed": "\(epochsCompleted)",
            "optimizer_steps": "\(optimizer.steps)",
        ])
        network.export(network.parameters, to: &file)
        for (index, state) in optimizer.states.enumerated() {
            network.export(state, prefix: "optimizer.\(index).", to: &file)
        }
        return file
    }

    /// Resumes from a checkpoint of the same configuration, data and numeric version.
    /// Throws if a part is missing or is not what this training can have; the training is then of
    /// no use.
    func resume(_ checkpoint: TrainingCheckpoint) throws {
        FloatEnvironment.setDefault()
        let (file, epochs) = (checkpoint.state, try checkpoint.validate(against: rowSchema))
        try file.checkCount(
            "optimizer_steps", is: epochs * stepsPerEpoch,
            because: "\(epochs) epochs of \(stepsPerEpoch) steps")
        try network.load(file)
        for (index, state) in optimizer.states.enumerated() {
            try network.load(file, prefix: "optimizer.\(index).", into: state)
        }
        try optimizer.resume(after: epochs * stepsPerEpoch)
        resume(
            after: epochs,
            hasLearntEnough: rowSchema.hasLearntEnough(checkpoint.rows, after: epochs),
            divergedEpoch: RowSchema.divergedEpoch(in: checkpoint.rows))
    }
}
