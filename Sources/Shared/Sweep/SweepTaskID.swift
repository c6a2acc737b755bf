/// Names one task by its content: the first 32 digits of its identity. Equal configurations on
/// equal data under equal arithmetic are one task.
public struct SweepTaskID: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }

    public init(identity: Digest) {
        self.init(unchecked: String(identity.hexadecimal.prefix(32)))
    }
}
