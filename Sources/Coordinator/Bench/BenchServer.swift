import Foundation
import Shared

/// A coordinator to be measured: this program's own `serve`, in a process and a folder of its own.
final class BenchServer {
    let target: BenchTarget
    private let process: Process
    private let folder: URL
    private let admin: Join

    /// Starts it and waits until it listens.
    init(leaseSeconds: Int, parent: String, isEncrypted: Bool = false) throws {
        folder = URL(filePath: parent).appending(path: "gdln-bench-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let data = folder.path + "/data"
        process.arguments =
            [
                "serve", "--data-dir", data, "--listen", "127.0.0.1:0",
                "--lease-seconds", "\(leaseSeconds)",
            ] + (isEncrypted ? ["--tls"] : [])
        // No command is to take it for the coordinator of this host.
        process.environment = EnvironmentVariables.current.values.merging(
            ["XDG_STATE_HOME": folder.path]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = Self.firstLine(output.fileHandleForReading)
        guard let port = line.firstMatch(of: /listening on https?:\/\/[^ ]*:(\d+),/).map(\.1),
            let port = Int(port)
        else {
            process.terminate()
            throw CommandFailure("The coordinator that was to be measured did not start: \(line)")
        }
        admin = try Self.join(data, .admin)
        target = BenchTarget(
            host: "127.0.0.1", port: port,
            accessToken: try Self.join(data, .worker).token?.text ?? "",
            certificate: isEncrypted ? data + "/tls-certificate.pem" : nil)
    }

    private static func join(_ directory: String, _ role: Role) throws -> Join {
        let path = DataDirectory.joinPath(directory, role)
        return try Join(parsing: PrivateFile.read(path) ?? "")
    }

    private static func firstLine(_ file: FileHandle) -> String {
        var line = ""
        while !line.hasSuffix("\n"), let byte = try? file.read(upToCount: 1), !byte.isEmpty {
            line += String(decoding: byte, as: UTF8.self)
        }
        return line
    }

    /// Ends it and takes its folder away.
    func stop() {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    func client() throws -> CoordinatorClient {
        let start = ContinuousClock.now
        return try CoordinatorClient(
            admin,
            environment: .init(
                sleep: { Thread.sleep(forTimeInterval: $0) }, shouldGiveUp: { $0 > 300 },
                elapsed: { ContinuousClock.now - start }, now: { Timestamp(Date()) },
                randomBits: { UInt64.random(in: .min ... .max) }),
            isCancelled: { false })
    }

    /// Megabytes that it has in memory now.
    var residentMegabytes: Double { megabytes("VmRSS:") }
    /// The most that it had since it started.
    var peakMegabytes: Double { megabytes("VmHWM:") }

    private func megabytes(_ name: String) -> Double {
        let status = try? String(
            contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix(name) }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return (kilobytes.flatMap { Double($0) } ?? .nan) / 1024
    }

    /// Seconds of a processor that it has used.
    var processorSeconds: Double {
        let stat = try? String(
            contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        // The name, in parentheses, may hold spaces; times are the 12th and 13th field after it.
        let fields = stat?.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
