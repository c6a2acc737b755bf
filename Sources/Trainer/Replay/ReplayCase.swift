import Shared

/// What a reference's `case.json` asks for: a configuration as a sweep file has it, with `steps`
/// and `evaluation_samples` in the place of a data set and epochs.
struct ReplayCase {
    let configuration: KPathConfiguration
    let steps: Int
    let evaluationSamples: Int

    /// Throws a sentence that names the key where one is missing or of another kind.
    init(_ description: JSONValue) throws(TrainingError) {
        guard case .object(var members) = description else {
            throw TrainingError("case.json is not an object of keys and values.")
        }
        steps = try Self.count("steps", from: 0, takenOutOf: &members)
        evaluationSamples = try Self.count("evaluation_samples", from: 1, takenOutOf: &members)
        // The stored images say how many features they have.
        members["input_features"] = nil
        members["dataset"] = .string("stored")
        members["epochs"] = .integer(1)
        do throws(SweepMistakes) {
            let read = try Configuration(reading: SourceValue(.object(members)))
            guard case .kPath(let configuration) = read else {
                throw SweepMistakes(
                    SweepMistake(.wrongValue, at: Place(path: "experiment"), "wanted k_path"))
            }
            self.configuration = configuration
        } catch {
            throw TrainingError("case.json: \(error.description)")
        }
    }

    static func count(
        _ key: String, from least: Int, takenOutOf members: inout [String: JSONValue]
    ) throws(TrainingError) -> Int {
        let member = members.removeValue(forKey: key)
        guard case .integer(let number)? = member, (least...Limits.replayRowsMax).contains(number)
        else {
            let found = member.flatMap { try? $0.canonicalData() }
            let text = found.map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
            throw TrainingError(
                "case.json: \(key): found \(text), wanted a whole number from \(least) to "
                    + "\(Limits.replayRowsMax)")
        }
        return number
    }
}
