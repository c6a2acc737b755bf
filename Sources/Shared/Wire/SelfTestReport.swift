/// How a worker's self-test came out: goes with each of its calls for tasks, so that a host that
/// computes differently never gets one, also from a coordinator that has just started.
public struct SelfTestReport: Codable, Hashable, Sendable {
    /// The arithmetic that the worker was built with.
    public var numericVersion: String
    /// With which kernels it computes, by name.
    public var kernels: String
    /// Over all answers, as `KnownAnswers.digest(of:)` makes it.
    public var digest: Digest
    /// The cases whose answers are not those that the worker knows, in order.
    public var wrongCases: [String]

    public init(numericVersion: String, kernels: String, digest: Digest, wrongCases: [String]) {
        self.numericVersion = numericVersion
        self.kernels = kernels
        self.digest = digest
        self.wrongCases = wrongCases
    }

    /// - Parameter answers: the SHA-256 by case that this host has found.
    public init(kernels: String, answers: [String: String]) {
        self.init(
            numericVersion: NumericVersion.current, kernels: kernels,
            digest: KnownAnswers.digest(of: answers),
            wrongCases: Set(answers.keys).union(KnownAnswers.byCase.keys)
                .filter { answers[$0] != KnownAnswers.byCase[$0] }.sorted())
    }

    enum CodingKeys: String, CodingKey {
        case kernels
        case numericVersion = "numeric_version"
        case digest = "sha256"
        case wrongCases = "wrong_cases"
    }

    /// What differs from what every host computes, a sentence each; empty where nothing does.
    public var differences: [String] {
        guard numericVersion == NumericVersion.current else {
            return [
                "It was built for numeric version \(numericVersion), wanted "
                    + "\(NumericVersion.current): install the same version everywhere."
            ]
        }
        if !wrongCases.isEmpty {
            return wrongCases.map { name in
                "The case \(name) came out wrong with the kernels \(kernels)."
            }
        }
        guard digest == KnownAnswers.digest else {
            return ["The answers' digest is \(digest), wanted \(KnownAnswers.digest)."]
        }
        return []
    }
}
