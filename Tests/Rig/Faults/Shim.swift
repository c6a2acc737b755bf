import Foundation
import TestSupport

/// A library that is loaded into the coordinator before all others; compiled by the test.
struct Shim {
    /// What the coordinator's environment needs.
    let environment: [String: String]
    private let clock: URL?

    static let needs: [Need] = [.tool("clang")]

    enum Effect {
        /// The wall clock can be turned.
        case clock
        /// No sync reaches the disk.
        case noSync
    }

    init(_ effect: Effect, in folder: URL) throws {
        let library = folder.appending(path: "shim.so").path
        let source = Fixtures.packageDirectory() + "/Tests/Rig/Shim/shim.c"
        try Machine.run("clang", "-shared", "-fPIC", "-O1", "-o", library, source)
        switch effect {
        case .clock:
            let clock = folder.appending(path: "clock")
            self.clock = clock
            environment = ["LD_PRELOAD": library, "GDLN_RIG_CLOCK": clock.path]
            try setClock(secondsAhead: 0)
        case .noSync:
            clock = nil
            environment = ["LD_PRELOAD": library, "GDLN_RIG_NOSYNC": "1"]
        }
    }

    /// In place: the coordinator has the file mapped.
    func setClock(secondsAhead: Int64) throws {
        guard let clock else { return }
        let bytes = withUnsafeBytes(of: secondsAhead.littleEndian) { Data($0) }
        guard FileManager.default.fileExists(atPath: clock.path) else {
            return try bytes.write(to: clock)
        }
        let file = try FileHandle(forWritingTo: clock)
        defer { try? file.close() }
        try file.write(contentsOf: bytes)
    }
}
