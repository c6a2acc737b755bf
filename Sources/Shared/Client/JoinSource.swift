import FoundationEssentials

/// Where a client learns how to reach its coordinator. The most explicit wins: a join string, a
/// file with one, an address; each as an option, then in the environment.
///
/// For an address alone, a coordinator that the same user runs on this host has left a file that
/// has the rest: `LocalAccess`.
public enum JoinSource: Equatable, Sendable {
    case given(Join)
    case file(String)
    case address(String, folder: String?, role: Role)

    /// What a command line and an environment may say. Both are empty where nothing is said.
    public struct Words: Sendable {
        public var join: String?
        public var joinFile: String?
        public var address: String?

        public init(join: String? = nil, joinFile: String? = nil, address: String? = nil) {
            self.join = join
            self.joinFile = joinFile
            self.address = address
        }

        init(environment: EnvironmentVariables) {
            self.init(
                join: environment["GDLN_JOIN"], joinFile: environment["GDLN_JOIN_FILE"],
                address: environment["GDLN_COORDINATOR"])
        }

        func source(folder: String?, role: Role) throws(JoinError) -> JoinSource? {
            if let join { return .given(try Join(parsing: join)) }
            if let joinFile { return .file(joinFile) }
            return address.map { .address($0, folder: folder, role: role) }
        }
    }

    /// - Parameters:
    ///   - role: whose token is taken of those that a local coordinator has left.
    ///   - defaultAddress: where nothing else is said; nil: then that is an error.
    public init(
        options: Words, environment: EnvironmentVariables, role: Role,
        defaultAddress: String? = nil
    ) throws(JoinError) {
        let folder = LocalAccess.folder(environment: environment)
        if let source = try options.source(folder: folder, role: role) {
            self = source
        } else if let source = try Words(environment: environment).source(
            folder: folder, role: role)
        {
            self = source
        } else if let defaultAddress {
            self = .address(defaultAddress, folder: folder, role: role)
        } else {
            throw JoinError(
                "Which coordinator? Paste what its `gdln-coordinator join-string --worker` prints "
                    + "into a file and name that with --join-file or GDLN_JOIN_FILE; on the "
                    + "coordinator's own host, name its address with --coordinator or "
                    + "GDLN_COORDINATOR.")
        }
    }

    /// Reads the file, if there is one: what it says may change while the process lives.
    public func load() throws(JoinError) -> Join {
        switch self {
        case .given(let join): return join
        case .file(let path):
            guard let text = try PrivateFile.read(path) else {
                throw JoinError("the join file '\(path)' is not there")
            }
            return try Join(parsing: text)
        case .address(let address, let folder, let role):
            let plain = Join(address: address)
            guard let path = LocalAccess.path(in: folder, address: plain.address, role: role),
                let text = try PrivateFile.read(path)
            else { return plain }
            return try Join(parsing: text)
        }
    }

    /// Whether `load` can come to give another token.
    public var isChangeable: Bool {
        if case .given = self { false } else { true }
    }
}

/// The files by which a coordinator's user finds it on its own host: one a role, named by host and
/// port, each a join string that its owner alone can read, in `XDG_STATE_HOME`.
public enum LocalAccess {
    /// Nil where the environment knows no home.
    public static func folder(environment: EnvironmentVariables) -> String? {
        let home = environment.folder("HOME").map { $0 + "/.local/state" }
        return (environment.folder("XDG_STATE_HOME") ?? home).map { $0 + "/gdln" }
    }

    /// Nil where the address has no plain host and port.
    public static func path(in folder: String?, address: String, role: Role) -> String? {
        guard let folder, let start = address.firstRange(of: "://") else { return nil }
        var place = String(address[start.upperBound...])
        if place.hasPrefix("localhost:") {
            place = "127.0.0.1:" + place.dropFirst("localhost:".count)
        }
        let isPlain = place.utf8.allSatisfy { byte in
            (48...58).contains(byte) || (65...91).contains(byte) || (97...122).contains(byte)
                || [45, 46, 93].contains(byte)
        }
        guard !place.isEmpty, !place.hasPrefix("."), isPlain else { return nil }
        return "\(folder)/\(place).\(role.rawValue)"
    }
}
