import FoundationEssentials
import Glibc
import Shared

/// Which process of which machine a worker is. It tells the living from the dead where the file
/// system has no locks.
struct ProcessIdentity: Codable, Hashable, Sendable {
    /// Names the machine within a folder that several of them share; may be empty.
    var machine: String
    /// Of the machine's kernel since it started; nil: unknown.
    var bootID: String?
    /// Of the processes' numbers: those of a container are its own; nil: unknown.
    var namespace: String?
    var processID: Int32
    /// When it started, in ticks since the machine did: another process may get its number later.
    var startTicks: Int?
    /// How many processes the kernel had killed for want of memory when this one started.
    var memoryKills: Int?

    /// This process.
    static func current(machine: String, bootID: String?, host: Host) -> ProcessIdentity {
        let processID = getpid()
        return ProcessIdentity(
            machine: machine, bootID: bootID,
            namespace: try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/ns/pid"),
            processID: processID, startTicks: startTicks(of: processID, on: host),
            memoryKills: host.memoryKills)
    }

    enum Life: Equatable {
        case alive, dead
        /// It runs on another machine or in another container.
        case unknown
    }

    /// Whether this process still lives, as far as `observer` can see.
    func life(seenBy observer: ProcessIdentity, on host: Host) -> Life {
        guard machine == observer.machine else { return .unknown }
        // The machine was started anew.
        guard bootID == observer.bootID else { return .dead }
        guard namespace == observer.namespace else { return .unknown }
        guard let found = Self.startTicks(of: processID, on: host) else { return .dead }
        return found == startTicks ? .alive : .dead
    }

    /// Field 22 of proc(5)'s `stat`; nil if there is no such process, or it is dead and only its
    /// parent has not asked for its end yet.
    private static func startTicks(of processID: Int32, on host: Host) -> Int? {
        guard let text = host.read("/proc/\(processID)/stat"),
            // The name before it, in parentheses, may have any characters.
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int(fields[19])
    }
}
