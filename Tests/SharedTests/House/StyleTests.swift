import Testing

/// What a reader may count on in every file.
@Suite struct StyleTests {
    private static let sources = Result { try Sources.files("Sources", ["swift", "c", "h"]) }
    private static let tests = Result { try Sources.files("Tests") }

    private func all() throws -> [Sources.File] {
        let files = try Self.sources.get() + Self.tests.get()
        try #require(files.count > 100, "a check of few files says little")
        return files
    }

    @Test func `no file is longer than 400 lines, and no line than 100 columns`() throws {
        for file in try all() {
            #expect(file.lines.count <= 401, "\(file.path)")
            for (index, line) in file.lines.enumerated() where line.count > 100 {
                Issue.record("\(file.path):\(index + 1) has \(line.count) columns")
            }
        }
    }

    /// After the imports a reader wants to know what the file is for.
    @Test func `every source file says near its top what it is for`() throws {
        let files = try Self.sources.get()
        try #require(!files.isEmpty)
        for file in files {
            let code = file.lines.prefix(15)
            let isSaid = code.contains {
                $0.hasPrefix("/// ") || $0.hasPrefix("// ") || $0.hasPrefix("/* ")
                    || $0.hasPrefix("/** ")
            }
            #expect(isSaid, "\(file.path)")
        }
    }

    /// What ends the process where an error was wanted, and what was left for later.
    @Test(arguments: [
        "try" + "!", " as" + "!", "fatal" + "Error(", "TO" + "DO", "FIX" + "ME", "@unchecked",
        "nonisolated(" + "unsafe)",
    ])
    func `no source file has what the house does without`(word: String) throws {
        let files = try Self.sources.get()
        try #require(!files.isEmpty)
        for file in files {
            for (index, line) in file.lines.enumerated() where line.contains(word) {
                // Where it cannot be avoided, the reason stands above.
                let hasReason =
                    word.hasPrefix("@") || word.hasPrefix("non")
                    ? file.lines[..<index].last.map { $0.contains("//") } ?? false : false
                #expect(hasReason, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    /// An empty variable counts as unset, which one type sees to.
    @Test(arguments: [
        "ProcessInfo.processInfo.environ" + "ment", "get" + "env(", "NSTemporary" + "Directory()",
        ".temporary" + "Directory\n",
    ])
    func `the environment is read in one place`(word: String) throws {
        let files = try Self.sources.get()
        let readers = files.filter { $0.text.contains(word) }.map(\.path)
        let place = "Sources/Shared/Process/EnvironmentVariables.swift"
        #expect(readers == (word.hasPrefix("ProcessInfo") ? [place] : []))
    }

    @Test func `links between the documents lead somewhere`() throws {
        let documents = try Sources.documents()
        #expect(!documents.isEmpty)
        var linkCount = 0
        for document in documents {
            let folder = document.path.split(separator: "/").dropLast().joined(separator: "/")
            for link in document.text.matches(of: /\]\(([^)\s]+)\)/) {
                let target = link.1.prefix { $0 != "#" }
                guard !target.isEmpty, !target.contains(":") else { continue }
                linkCount += 1
                #expect(
                    Sources.exists("\(folder)/\(target)"), "\(document.path) links to \(target)")
            }
        }
        // Without any, links are written otherwise now, and this looks past them.
        #expect(linkCount > 0 || !Sources.exists("README.md"))
    }
}
