import FoundationEssentials

/// The variables of a process's environment. One that is empty counts as unset, as scripts and
/// service files leave it where there is nothing to say.
///
/// Everything that reads a variable reads it here.
public struct EnvironmentVariables: Sendable, ExpressibleByDictionaryLiteral {
    /// None is empty.
    public let values: [String: String]

    public init(_ values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements) { $1 })
    }

    /// Those of this process.
    public static var current: Self { Self(ProcessInfo.processInfo.environment) }

    public subscript(name: String) -> String? { values[name] }

    /// A variable that names a folder. A path that is not absolute counts as unset, as the XDG Base
    /// Directory Specification has it: it would mean another folder in each working directory.
    public func folder(_ name: String) -> String? {
        self[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }

    /// For temporary files.
    public var temporaryFolder: String { folder("TMPDIR") ?? "/tmp" }
}
