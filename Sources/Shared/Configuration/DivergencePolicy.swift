/// What a training does once its training loss is NaN or infinite: a field of every experiment.
/// Part of what is trained, so two tasks that differ in it are two.
public enum DivergencePolicy: String, CaseIterable, Sendable {
    /// The first epoch whose training loss is not finite is the last one.
    case stop
    /// All epochs are trained. The task still ends as diverged if its last loss is not finite.
    case trainOn = "continue"

    static let key = "on_divergence"

    /// Adds the field to a configuration's canonical JSON. The default is left out, so that the
    /// field gave no task a new identity.
    func write(to members: inout [String: JSONValue]) {
        if self != .stop { members[Self.key] = .string(rawValue) }
    }
}

extension FieldReader {
    mutating func divergencePolicy() -> DivergencePolicy {
        choice(DivergencePolicy.key, default: .stop) ?? .stop
    }
}
