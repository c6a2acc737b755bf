/// Names one task for good, the same in every sweep that contains its configuration.
public struct SweepTaskID: RawRepresentable, Hashable, Codable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The first 32 of the identity's 64 digits: enough that two tasks never share them.
    public init(identity: Digest) { self.init(rawValue: String(identity.hexadecimal.prefix(32))) }
}
