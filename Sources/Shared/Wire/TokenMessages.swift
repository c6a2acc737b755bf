/// Asks the coordinator to accept a token. The caller made it and keeps it: only its digest
/// travels.
public struct TokenRequest: Codable, Hashable, Sendable {
    public var role: Role
    /// For people: whose it is.
    public var label: String
    public var digest: Digest

    public init(role: Role, label: String, digest: Digest) {
        self.role = role
        self.label = label
        self.digest = digest
    }

    enum CodingKeys: String, CodingKey {
        case role, label
        case digest = "token_sha256"
    }
}

/// A token that the coordinator accepts.
public struct TokenStatus: Codable, Hashable, Sendable {
    /// The first digits of the digest.
    public var id: String
    public var role: Role
    public var label: String
    public var createdAt: Timestamp

    public init(id: String, role: Role, label: String, createdAt: Timestamp) {
        self.id = id
        self.role = role
        self.label = label
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, role, label
        case createdAt = "created_at"
    }
}

/// What `GET /v1/tokens` answers, oldest first.
public struct TokenList: Codable, Hashable, Sendable {
    public var tokens: [TokenStatus]

    public init(tokens: [TokenStatus]) { self.tokens = tokens }
}
