import Shared

/// What every checkpoint says of itself, and how it is believed.
extension Safetensors {
    func checkNumericVersion() throws(TrainingError) {
        let version = metadata["numeric_version"] ?? "none"
        guard version == NumericVersion.current else {
            throw TrainingError(
                "The checkpoint's numeric version is \(version); "
                    + "\(NumericVersion.current) was wanted.")
        }
    }

    /// The first epoch that diverged, from 1 to `bound`; nil where the checkpoint names none.
    func divergedEpoch(atMost bound: Int) throws(TrainingError) -> Int? {
        guard let text = metadata["diverged_epoch"] else { return nil }
        guard let epoch = Int(text), epoch >= 1, epoch <= bound else {
            throw TrainingError(
                "The checkpoint's diverged_epoch is \(text); a whole number from 1 to \(bound), "
                    + "the epochs it has completed, was wanted.")
        }
        return epoch
    }

    func count(_ key: String, atMost bound: Int = .max) throws(TrainingError) -> Int {
        let text = metadata[key]
        guard let text, let count = Int(text), count >= 0 else {
            throw TrainingError(
                "The checkpoint's \(key) is \(text ?? "missing"); a whole number was wanted.")
        }
        guard count <= bound else {
            throw TrainingError(
                "The checkpoint has \(count) epochs; the configuration has \(bound).")
        }
        return count
    }
}
