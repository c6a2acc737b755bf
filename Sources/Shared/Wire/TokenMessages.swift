/// Asks the coordinator to accept a token. The caller made it and keeps it: only its digest
/// travels.
public struct TokenRequest: Codable, Hashable, Sendable {
    public var role: Role
    /// For people: whose it is.
    public var label: String
    public var digest: Digest
    /// From when the coordinator hears of it, by its clock; nil: until it is revoked.
    public var validForSeconds: Int64?

    public init(role: Role, label: String, digest: Digest, validForSeconds: Int64? = nil) {
        self.role = role
        self.label = label
        self.digest = digest
        self.validForSeconds = validForSeconds
    }

    enum CodingKeys: String, CodingKey {
        case role, label
        case digest = "token_sha256"
        case validForSeconds = "valid_for_seconds"
    }
}

/// A token that the coordinator accepts.
public struct TokenStatus: Codable, Hashable, Sendable {
    /// The first digits of the digest.
    public var id: String
    public var role: Role
    public var label: String
    public var createdAt: Timestamp
    /// Nil: valid until it is revoked.
    public var expiresAt: Timestamp?

    public init(
        id: String, role: Role, label: String, createdAt: Timestamp, expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.role = role
        self.label = label
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    enum CodingKeys: String, CodingKey {
        case id, role, label
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }
}

/// What `GET /v1/tokens` answers, oldest first.
public struct TokenList: Codable, Hashable, Sendable {
    public var tokens: [TokenStatus]

    public init(tokens: [TokenStatus]) { self.tokens = tokens }
}
