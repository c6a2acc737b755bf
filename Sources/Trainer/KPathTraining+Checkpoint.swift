public import Shared

/// All that a training goes on from, as a file: parameters, what the optimizer keeps of each, steps
/// and epochs. The exact bits of each, so that a training that went on cannot be told from one that
/// was never stopped, whatever the process, the kernels and the number of threads.
///
///     encoders.0.1.weight ...                      the parameters, under PyTorch's names
///     optimizer.I.encoders.0.1.weight ...          state I of the optimizer
///     metadata: numeric_version, epochs_completed, optimizer_steps; diverged_epoch where it did
extension KPathTraining {
    /// The training as it stands between two epochs.
    public func checkpoint() -> Safetensors {
        var file = Safetensors(metadata: [
            "numeric_version": NumericVersion.current,
            "epochs_completed": "\(epochsCompleted)",
            "optimizer_steps": "\(optimizer.steps)",
        ])
        file.metadata["diverged_epoch"] = divergedEpoch.map(String.init)
        network.export(network.parameters, to: &file)
        for (index, state) in optimizer.states.enumerated() {
            network.export(state, prefix: "optimizer.\(index).", to: &file)
        }
        return file
    }

    /// Goes on from a checkpoint of the same configuration, data and numeric version.
    /// Throws where a part is missing or does not fit; the training is then of no use.
    func resume(_ file: Safetensors, shouldStop: () -> Bool = { false }) throws {
        FloatEnvironment.setDefault()
        try file.checkNumericVersion()
        let epochs = try file.count("epochs_completed", atMost: configuration.epochs)
        let steps = try file.count("optimizer_steps")
        try network.load(file)
        for (index, state) in optimizer.states.enumerated() {
            try network.load(file, prefix: "optimizer.\(index).", into: state)
        }
        optimizer.resume(after: steps)
        try goOn(
            after: epochs, divergedEpoch: try file.divergedEpoch(atMost: epochs),
            shouldStop: shouldStop)
    }
}
