import Foundation
import Glibc
import TestSupport

/// What a scenario needs of the machine, beyond a processor.
public enum Need: Sendable, Hashable {
    /// To mount, to make namespaces.
    case root
    case tool(String)
    /// A file as a disk.
    case loopDevices
    case networkNamespaces
}

/// What this machine can do, and commands that only root may run.
public enum Machine {
    /// Why something cannot run here; nil where it can.
    public static func lack(of needs: [Need]) -> String? {
        for need in needs {
            switch need {
            case .root: if geteuid() != 0 { return "only root can do this" }
            case .tool(let name): if path(of: name) == nil { return "\(name) is not installed" }
            case .loopDevices:
                if (try? run("losetup", "--find")) == nil { return "no loop device is free" }
            case .networkNamespaces:
                if (try? run("unshare", "--net", "true")) == nil {
                    return "network namespaces cannot be made here"
                }
            }
        }
        return nil
    }

    public static func path(of tool: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(tool)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a command to its end and returns what it printed. Throws where it fails.
    @discardableResult
    public static func run(_ tool: String, _ arguments: String...) throws -> String {
        guard let path = path(of: tool) else { throw TestFailure("\(tool) is not installed") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            // Of a build that failed, the end says why.
            throw TestFailure("\(tool) \(arguments.joined(separator: " ")): \(text.suffix(4_000))")
        }
        return text
    }
}
