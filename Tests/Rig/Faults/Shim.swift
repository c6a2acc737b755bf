import Foundation
import TestSupport

/// A library that is loaded into a coordinator or worker before all others; compiled by the test.
struct Shim {
    /// What the coordinator's environment needs.
    let environment: [String: String]
    /// The coordinator has it mapped; nil where nothing is changed while it runs.
    private let number: URL?
    /// Where paths are written down.
    private let notes: URL

    static let needs: [Need] = [.tool("clang")]

    enum Effect {
        /// The wall clock is so many seconds ahead.
        case clock
        /// No sync reaches the disk.
        case noSync
        /// While the number is not 0 every sync fails.
        case failedSync
        /// The path of each file that was synced is written down.
        case notedSyncs
        /// One call goes wrong, of those that change a file whose path begins so, or answer a
        /// client.
        case brokenCall(below: String)
    }

    /// How a call goes wrong, as the library numbers it.
    enum CallFault: Int64, CaseIterable {
        /// The process is killed before it makes the call.
        case kill = 1
        /// As a broken disk does it.
        case broken
        case full
        /// Only a part is written, and said to be.
        case part
        case interrupted
    }

    init(_ effect: Effect, in folder: URL) throws {
        let library = folder.appending(path: "shim.so").path
        let source = Fixtures.packageDirectory() + "/Tests/Rig/Shim/shim.c"
        try Machine.run("clang", "-shared", "-fPIC", "-O1", "-o", library, source)
        notes = folder.appending(path: "synced")
        let file = folder.appending(path: "number")
        try Self.bytes(0).write(to: file)
        switch effect {
        case .clock:
            number = file
            environment = ["LD_PRELOAD": library, "GDLN_RIG_CLOCK": file.path]
        case .noSync:
            number = nil
            environment = ["LD_PRELOAD": library, "GDLN_RIG_NOSYNC": "1"]
        case .failedSync:
            number = file
            environment = ["LD_PRELOAD": library, "GDLN_RIG_EIO": file.path]
        case .notedSyncs:
            number = nil
            environment = ["LD_PRELOAD": library, "GDLN_RIG_SYNCED": notes.path]
        case .brokenCall(let start):
            number = file
            environment = [
                "LD_PRELOAD": library, "GDLN_RIG_NTH": file.path, "GDLN_RIG_BELOW": start,
            ]
        }
    }

    /// Lets the `count`-th call from now go wrong.
    func arm(_ fault: CallFault, at count: Int) throws {
        try set(fault.rawValue << 32 | Int64(count))
    }

    /// Whether that call is still to come.
    var isArmed: Bool {
        get throws {
            guard let number else { return false }
            return try Data(contentsOf: number).prefix(4).contains { $0 != 0 }
        }
    }

    /// What was synced, in its order.
    var syncedPaths: [String] {
        get throws {
            try String(contentsOf: notes, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    /// In place: the coordinator has the file mapped.
    func set(_ value: Int64) throws {
        guard let number else { return }
        let file = try FileHandle(forWritingTo: number)
        defer { try? file.close() }
        try file.write(contentsOf: Self.bytes(value))
    }

    private static func bytes(_ value: Int64) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }
}
