public import Foundation
import Shared
import Synchronization

/// Writes a history down while it happens, a line each, for any number of threads.
///
/// The line of a call is in the file before the call is sent, and that of its answer before the
/// caller goes on: the order in the file is an order in which things may have happened.
public final class Recorder: Sendable {
    public let file: URL
    private let handle: Mutex<FileHandle>
    private let origin = ContinuousClock.now
    private let counts = Mutex((begun: 0, unknown: 0))

    public init(file: URL) throws {
        self.file = file
        try Data().write(to: file)
        handle = Mutex(try FileHandle(forWritingTo: file))
    }

    /// Microseconds since the history began.
    public var now: Int64 { Int64((ContinuousClock.now - origin).seconds * 1e6) }

    /// How many calls have begun.
    public var callCount: Int { counts.withLock { $0.begun } }
    /// How many calls have ended without anybody knowing what became of them.
    public var unknownCount: Int { counts.withLock { $0.unknown } }

    /// A call is about to be sent. Returns its number.
    public func begin(
        _ operation: Call.Operation, by process: String, path: String, request: String,
        token: String?, body: String
    ) -> Int {
        let number = counts.withLock { counts in
            counts.begun += 1
            return counts.begun
        }
        write { time in
            HistoryLine(
                time: time, call: number, process: process, operation: operation, path: path,
                request: request, token: token, body: body)
        }
        return number
    }

    public func end(_ number: Int, _ outcome: Call.Outcome) {
        write { time in
            var line = HistoryLine(time: time, call: number)
            switch outcome {
            case .ok(let status, let body): (line.ok, line.body) = (status, body)
            case .refused(let status, let body): (line.fail, line.body) = (status, body)
            case .unknown(let reason): line.unknown = reason
            }
            return line
        }
        if case .unknown = outcome { counts.withLock { $0.unknown += 1 } }
    }

    public func mark(_ kind: Mark.Kind, _ text: String = "") {
        write { HistoryLine(time: $0, mark: kind, text: text) }
    }

    public func history() throws -> History { try History(lines: Data(contentsOf: file)) }

    private func write(_ line: (Int64) -> HistoryLine) {
        handle.withLock { handle in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard var data = try? encoder.encode(line(now)) else { return }
            data.append(10)
            try? handle.write(contentsOf: data)
        }
    }
}
