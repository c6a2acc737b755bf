import Foundation
import Shared

/// A sweep as a person writes it: YAML, read on the command line's side only. What travels is JSON.
///
/// Nothing is believed before it is bounded: the size, then what `YAMLGuard` refuses, then what the
/// parser makes of it, then the keys and values.
enum SweepFile {
    static func read(path: String) throws(SweepMistakes) -> Sweep {
        try parse(
            bytes: contents(of: path),
            folder: URL(fileURLWithPath: path).deletingLastPathComponent())
    }

    static func parse(_ text: String) throws(SweepMistakes) -> Sweep {
        try parse(bytes: Data(text.utf8))
    }

    /// - Parameter folder: what paths in it are relative to.
    static func parse(
        bytes: Data, folder: URL = URL(fileURLWithPath: ".")
    ) throws(SweepMistakes) -> Sweep {
        try Sweep(
            reading: GateFiles(folder: folder).inlined(document(bytes: bytes)).inNormalFormC)
    }

    /// The document with the lines of its values, not yet understood.
    static func document(bytes: Data) throws(SweepMistakes) -> SourceValue {
        guard bytes.count <= Limits.sweepFileBytesMax else {
            throw unreadable(
                "found a file of more than \(Limits.sweepFileBytesMax) bytes, wanted at most that")
        }
        return try YAMLDocument.read(try text(of: bytes))
    }

    private static func contents(of path: String) throws(SweepMistakes) -> Data {
        do throws(FileError) {
            return try InputFile.read(path, bytesMax: Limits.sweepFileBytesMax)
        } catch {
            throw unreadable(error.description)
        }
    }

    private static func text(of bytes: Data) throws(SweepMistakes) -> String {
        if let type = FileType.name(of: bytes) {
            throw unreadable("found \(type), wanted a sweep as YAML in UTF-8")
        }
        if let text = String(validating: bytes, as: UTF8.self) {
            return text.hasPrefix("\u{feff}") ? String(text.unicodeScalars.dropFirst()) : text
        }
        // The longest right beginning ends on the line of the first wrong byte.
        let repaired = String(decoding: bytes, as: UTF8.self)
        let before = repaired.unicodeScalars.prefix { $0 != "\u{fffd}" }
        let line = before.count(where: { $0 == "\n" }) + 1
        let column = before.reversed().prefix { $0 != "\n" }.count + 1
        throw unreadable(
            "column \(column): found bytes that are not UTF-8, wanted UTF-8 text", line: line)
    }

    static func unreadable(_ sentence: String, line: Int? = nil) -> SweepMistakes {
        SweepMistakes(SweepMistake(.unreadable, at: Place(line: line), sentence))
    }
}
