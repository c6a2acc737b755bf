import CFuzzer
import Foundation
import Glibc

@testable import Shared
@testable import SweepFiles
@testable import Trainer
@testable import WorkerFiles

/// Gives bytes to one decoder. What it makes of them is of no interest, as long as it comes back;
/// where something it accepted can be written again, that must read as the same.
typealias Decoder = @Sendable (Data) -> Void

/// Every decoder of bytes from outside, by the name that `deploy/fuzz` takes.
let decoders: [String: Decoder] = [
    // A person's file: YAML up to the tasks.
    "sweep-yaml": { bytes in
        guard let sweep = try? SweepFile.parse(bytes: bytes), sweep.count <= 12 else { return }
        _ = try? sweep.expand()
    },
    // What travels of it.
    "sweep-json": { bytes in
        guard let json = try? JSONValue(parsing: bytes) else { return }
        checkSpelling(json)
        guard let sweep = try? Sweep(reading: SourceValue(json)), sweep.count <= 12 else { return }
        _ = try? sweep.expand()
        if let base = json["base"] { _ = try? Configuration(reading: SourceValue(base)) }
    },
    // What a person pastes, and what a file or a header of a few words says.
    "join": { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let join = try? Join(parsing: text) {
            guard let again = try? Join(parsing: join.text), again == join else {
                return trap("a join string that was written reads as another")
            }
        }
        if let token = AccessToken(text), AccessToken(token.text) != token {
            trap("a token that was written reads as another")
        }
        _ = Digest(hexadecimal: text)?.bytes
    },
    // Each message of the protocol; the first byte says which.
    "messages": { bytes in
        guard let first = bytes.first else { return }
        let body = bytes.dropFirst()
        messages[Int(first) % messages.count](Data(body))
        checkLeaseRequest(Data(body))
    },
    // Metric rows, as text and as stored: the quick reader and the thorough one must agree.
    "metrics": { bytes in
        checkMetrics(bytes)
        if let batch = try? MetricBatch(bytes: [UInt8](bytes)), let rows = try? batch.rows() {
            // Names may come in any order and twice in bytes that nobody of ours has written.
            _ = MetricBatch(rows)
        }
    },
    "safetensors": { bytes in
        guard let file = try? Safetensors(parsing: bytes) else { return }
        // An empty tensor's place is not unique, so that bytes may differ; what they say may not.
        guard let text = try? file.serialized(), let again = try? Safetensors(parsing: text),
            again == file
        else { return trap("a file that was written reads as another") }
        _ = try? Dataset(parsing: bytes)
    },
    "idx": { bytes in
        _ = try? IDX.images(bytes, file: "images")
        _ = try? IDX.labels(bytes, file: "labels")
    },
    "gunzip": { bytes in
        _ = try? Gunzip.inflate(bytes, file: "file", bytesMax: 1 << 20)
    },
    // As a worker resumes a task of each experiment, and trains on.
    "checkpoint": { bytes in
        guard var file = try? Safetensors(parsing: bytes) else { return }
        guard let rows = rows(file) else { return }
        // Of an older version the corpus is as good.
        file.metadata["numeric_version"] = NumericVersion.current
        for kind in SmallTraining.allCases {
            let outcome = kind.trainOn(from: TrainingCheckpoint(state: file, rows: rows))
            if case .wrong(let sentence) = outcome { trap("\(kind): \(sentence)") }
        }
    },
    // What a dead worker left. A record that is not as its digest says is not read at all: so what
    // is wanted here stands before each line.
    "spool": { bytes in
        _ = try? ForsakenJournal(bytes)
        var journal = Data()
        for line in bytes.split(separator: 0x0A) {
            journal += Data("\(Digest(of: line)) ".utf8) + line + Data("\n".utf8)
        }
        _ = try? ForsakenJournal(journal)
    },
]

func trap(_ sentence: String) {
    FileHandle.standardError.write(Data((sentence + "\n").utf8))
    abort()
}

/// The metric rows in a checkpoint, of which a damaged file can say anything.
private func rows(_ file: Safetensors) -> [MetricRow]? {
    guard let table = try? MetricTable(reading: file) else { return nil }
    var again = MetricTable()
    for row in table.rows { again.append(row) }
    if again.rows != table.rows { trap("metric rows were not kept") }
    return table.rows
}

/// Reading and writing JSON are each other's inverse, and the spelling is `JSONEncoder`'s.
private func checkSpelling(_ json: JSONValue) {
    guard let text = try? json.canonicalData() else { return trap("JSON was read and not written") }
    guard let again = try? JSONValue(parsing: text), let second = try? again.canonicalData(),
        second == text
    else { return trap("JSON that was written reads as another") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let wanted = try? encoder.encode(json), wanted != text {
        trap("JSON is not spelled as JSONEncoder spells it")
    }
}

private let messages: [Decoder] = [
    message(LeaseRequest.self), message(LeaseResponse.self), message(Lease.self),
    message(MetricsRequest.self), message(CompleteRequest.self), message(FailRequest.self),
    message(HandBackRequest.self), message(LeaseAnswer.self), message(SweepCreated.self),
    message(SweepStatus.self), message(SweepList.self), message(TasksChanged.self),
    message(WorkerList.self), message(DatasetList.self), message(ErrorMessage.self),
    message(TokenRequest.self), message(TokenList.self), message(HostLetBack.self),
    message(SweepChecked.self), message(KilledRequest.self),
]

/// What the quick reader takes, the decoder takes too, and as the same.
private func checkLeaseRequest(_ bytes: Data) {
    guard let json = try? JSONValue(parsing: bytes), let quick = LeaseRequest(plain: json) else {
        return
    }
    guard let request = try? WireCoding.decode(LeaseRequest.self, from: bytes), request == quick
    else { return trap("the quick reader of calls for tasks is alone in its opinion") }
}

private func message<Message: Codable & Equatable & Sendable>(_ type: Message.Type) -> Decoder {
    { bytes in
        guard let message = try? WireCoding.decode(type, from: bytes) else { return }
        guard let text = try? WireCoding.encode(message) else { return }
        guard let again = try? WireCoding.decode(type, from: text) else {
            return trap("a message that was written cannot be read")
        }
        // A whole number of more digits than a float64 has may come back as an integer.
        if again != message, meaning(again) != meaning(message) {
            trap("a message that was written reads as another")
        }
    }
}

/// What a message says, with every number as a float64.
private func meaning(_ message: some Encodable) -> JSONValue? {
    guard let text = try? WireCoding.encode(message) else { return nil }
    return (try? JSONValue(parsing: text)).map(withFloats)
}

private func withFloats(_ json: JSONValue) -> JSONValue {
    switch json {
    case .integer(let value): .number(Double(value))
    case .array(let elements): .array(elements.map(withFloats))
    case .object(let members): .object(members.mapValues(withFloats))
    default: json
    }
}

/// What the quick reader takes, the decoder takes too, and as the same.
private func checkMetrics(_ bytes: Data) {
    let quick = bytes.withUnsafeBytes { raw in
        raw.withMemoryRebound(to: UInt8.self) { PackedMetrics(reading: $0) }
    }
    if let quick {
        guard let request = try? WireCoding.decode(MetricsRequest.self, from: bytes),
            PackedMetrics(request) == quick
        else { return trap("the quick reader of metrics is alone in its opinion") }
    }
    let completion = bytes.withUnsafeBytes { raw in
        raw.withMemoryRebound(to: UInt8.self) { PackedCompletion(reading: $0) }
    }
    if let completion {
        guard let request = try? WireCoding.decode(CompleteRequest.self, from: bytes),
            PackedCompletion(request) == completion
        else { return trap("the quick reader of completions is alone in its opinion") }
    }
}
