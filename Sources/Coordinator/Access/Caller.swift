import Shared

/// The token that a call was made with, as limits and messages name it.
struct Caller: Hashable, Sendable {
    /// The first digits of the token's digest, as `token list` prints it.
    let id: String
    let label: String
    let role: Role

    init(id: String, label: String, role: Role) {
        self.id = id
        self.label = label
        self.role = role
    }

    init(_ entry: TokenBook.Entry) {
        self.init(id: entry.id, label: entry.request.label, role: entry.request.role)
    }
}

extension Caller: CustomStringConvertible {
    var description: String { "the token \(id) ('\(label)')" }
}
