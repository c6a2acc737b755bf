import Testing

/// Texts and files go in and out by few doors, each of which knows pipes, devices, links, limits
/// and control characters. A new way past them is found here.
@Suite struct DoorTests {
    private static let ways: [(word: String, instead: String, except: [String])] = [
        ("print(", "StandardOutput.print", []),
        ("FileHandle.standard", "StandardOutput or StandardError", []),
        ("StreamLogHandler.standard", "StandardError.LogStream", []),
        (
            "Data(contentsOf:", "InputFile.read",
            // Files that a process has written itself, as large as memory or larger.
            ["Worker/Checkpoints/", "Worker/Spool/"]
        ),
        // Of the files of the operating system.
        ("String(contentsOf", "InputFile.read", ["Worker/Slots/Host.swift"]),
        ("forReadingFrom:", "InputFile.read", []),
        (".atomic", "OutputFile.write or DurableFile.write", ["Worker/DatasetCache.swift"]),
    ]

    @Test(arguments: ways.indices)
    func `no source file reads or writes past the doors`(index: Int) throws {
        let way = Self.ways[index]
        let files = try Sources.files("Sources")
        try #require(files.count > 100)
        for file in files where !way.except.contains(where: file.path.dropFirst(8).hasPrefix) {
            for (number, line) in file.lines.enumerated() {
                let code = line.drop { $0 == " " }
                guard !code.hasPrefix("//"), Self.uses(way.word, in: code) else { continue }
                Issue.record("\(file.path):\(number + 1): use \(way.instead)")
            }
        }
    }

    /// Whether the word stands in the line as a word of its own: no longer name and no method.
    private static func uses(_ word: String, in code: Substring) -> Bool {
        var rest = code
        while let found = rest.firstRange(of: word) {
            let before = rest[..<found.lowerBound].last ?? " "
            let isOwn = word.hasPrefix(".") || !(before.isLetter || before == ".")
            if isOwn, !rest[..<found.lowerBound].hasSuffix("func ") { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }
}
