import FoundationEssentials
import Shared

/// The file that `train --checkpoint` writes and `--resume` reads: a training's own checkpoint, the
/// rows measured so far, which its trajectory needs, and what it takes to refuse a wrong file:
///
///     metadata: metric_rows          a row a line
///               task_sha256          configuration, data and numeric version
///               content_sha256       of this file without this entry
enum TrainCheckpoint {
    private static let rowsKey = "metric_rows"
    private static let taskKey = "task_sha256"
    private static let contentKey = "content_sha256"

    static func write(
        _ checkpoint: Safetensors, rows: [MetricRow], task: Digest, to path: String
    ) throws {
        var file = checkpoint
        file.metadata[rowsKey] = try lines(rows)
        file.metadata[taskKey] = task.hexadecimal
        file.metadata[contentKey] = Digest(of: try file.serialized()).hexadecimal
        try OutputFile.write(file.serialized(), to: path)
    }

    /// Throws a sentence where the file was damaged or belongs to another task.
    static func read(_ data: Data, path: String, task: Digest) throws -> Safetensors {
        let file: Safetensors
        do {
            file = try Safetensors(parsing: data)
        } catch {
            throw TrainCheckpointError("'\(path)' is no whole checkpoint: \(error)")
        }
        var content = file
        content.metadata[contentKey] = nil
        let found = Digest(of: try content.serialized()).hexadecimal
        let wanted = file.metadata[contentKey] ?? "missing"
        guard found == wanted else {
            throw TrainCheckpointError(
                "'\(path)' was damaged: its content's SHA-256 is \(found), \(wanted) was wanted.")
        }
        let version = file.metadata["numeric_version"] ?? "missing"
        guard version == NumericVersion.current else {
            throw TrainCheckpointError(
                "The numeric version of '\(path)' is \(version); \(NumericVersion.current) was "
                    + "wanted.")
        }
        guard file.metadata[taskKey] == task.hexadecimal else {
            throw TrainCheckpointError(
                "'\(path)' is the checkpoint of another configuration or of other data.")
        }
        return file
    }

    static func rows(_ checkpoint: Safetensors) throws -> [MetricRow] {
        let text = checkpoint.metadata[rowsKey] ?? ""
        return try text.split(separator: "\n").map {
            try WireCoding.decode(MetricRow.self, from: Data($0.utf8))
        }
    }

    /// Rows as JSON, one a line.
    static func lines(_ rows: [MetricRow]) throws -> String {
        try rows.map { String(decoding: try WireCoding.encode($0), as: UTF8.self) + "\n" }.joined()
    }
}

/// Why a file cannot be resumed: a sentence.
struct TrainCheckpointError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
