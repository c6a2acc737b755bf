import FoundationEssentials
import Shared

/// What a worker's host is called, and which machine it is.
///
/// Two hosts of one network may have one name, and containers of one machine have several: so the
/// machine's own id is a part of the name, and the coordinator also gets the id of the machine's
/// boot, which containers share.
struct HostIdentity: Equatable, Sendable {
    /// For people, and what quarantine goes by.
    let name: String
    /// The name without the machine's id.
    let shortName: String
    /// Names the machine within a folder that several of them share.
    let machine: String
    /// Of the machine's kernel since it started; nil: unknown.
    let bootID: String?

    /// The variable that takes the place of the kernel's boot id: for tests of several machines on
    /// one.
    static let bootVariable = "GDLN_BOOT_ID"

    /// - Parameters:
    ///   - option: of the command; goes before everything else.
    ///   - hostName: the system's.
    init(option: String?, environment: EnvironmentVariables, hostName: String, host: Host) {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isPlain ? $0 : nil }
        }
        let machineID = Self.machineID(host)
        let given = option ?? variable("SLURMD_NODENAME")
        let own = hostName.isEmpty ? "unknown" : hostName
        shortName = given ?? own
        let fullName = given ?? machineID.map { "\(own)-\($0.prefix(8))" } ?? own
        name = String(decoding: fullName.utf8.prefix(Limits.hostNameBytesMax), as: UTF8.self)
        machine = String((machineID ?? Self.digest(of: "host \(name)")).prefix(16))
        bootID =
            variable(Self.bootVariable)
            ?? Self.firstWord(host.read("/proc/sys/kernel/random/boot_id"))
    }

    private static func firstWord(_ text: String?) -> String? {
        text?.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// A digest of `/etc/machine-id`, which itself is not to leave the machine (machine-id(5)); nil
    /// where it is missing, empty or not yet set, as in many containers.
    private static func machineID(_ host: Host) -> String? {
        guard let text = firstWord(host.read("/etc/machine-id")), text.utf8.count == 32,
            text.allSatisfy(\.isHexDigit), text.contains(where: { $0 != "0" })
        else { return nil }
        return digest(of: "machine \(text)")
    }

    private static func digest(of text: String) -> String {
        Digest(of: Data("gdln \(text)".utf8)).hexadecimal
    }
}
