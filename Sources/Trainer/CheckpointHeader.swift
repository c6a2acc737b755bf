import Shared

/// Reads what every checkpoint says of itself in its metadata, and checks each value.
extension Safetensors {
    func checkNumericVersion() throws(TrainingError) {
        let version = metadata["numeric_version"] ?? "none"
        guard version == NumericVersion.current else {
            throw TrainingError(
                "The checkpoint's numeric version is \(version); "
                    + "\(NumericVersion.current) was wanted.")
        }
    }

    /// A whole number of at least 0, in the one spelling that is written: no sign, no leading zero.
    func count(_ key: String) throws(TrainingError) -> Int {
        let text = metadata[key]
        guard let text, let count = Int(text), count >= 0, "\(count)" == text else {
            throw TrainingError(
                "The checkpoint's \(key) is \(text ?? "missing"); a whole number was wanted.")
        }
        return count
    }

    /// A count of which the configuration leaves one value only.
    func checkCount(_ key: String, is wanted: Int, because reason: String) throws(TrainingError) {
        let found = try count(key)
        guard found == wanted else {
            throw TrainingError(
                "The checkpoint's \(key) is \(found); \(wanted) was wanted: \(reason).")
        }
    }

    func flag(_ key: String) throws(TrainingError) -> Bool {
        switch metadata[key] {
        case "true": return true
        case "false": return false
        case let text:
            throw TrainingError(
                "The checkpoint's \(key) is \(text ?? "missing"); true or false was wanted.")
        }
    }
}
