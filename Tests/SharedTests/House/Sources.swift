import Foundation
import TestSupport

/// The package's own files, as the house rules' tests read them.
enum Sources {
    struct File {
        /// From the package's root folder.
        var path: String
        var text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The modules that it imports, whatever the access level.
        var imports: [String] {
            lines.compactMap { line in
                line.firstMatch(of: /^(?:@\w+ )*(?:\w+ )?import (?:\w+ )?(\w+)/)
                    .map { String($0.1) }
            }
        }
    }

    static let swiftTargets = ["Shared", "Trainer", "Worker", "Coordinator"]

    /// The files below a folder with one of the endings.
    static func files(_ folder: String, _ endings: [String] = ["swift"]) throws -> [File] {
        let root = Fixtures.packageDirectory()
        let names = FileManager.default.enumerator(atPath: root + "/" + folder)
        let paths = (names?.compactMap { $0 as? String } ?? []).sorted()
            .filter { path in endings.contains { path.hasSuffix("." + $0) } }
        return try paths.map { path in
            File(
                path: "\(folder)/\(path)",
                text: try String(contentsOfFile: "\(root)/\(folder)/\(path)", encoding: .utf8))
        }
    }

    /// The pages for readers: those in the root folder, and those beside what they tell of.
    static func documents() throws -> [File] {
        let root = Fixtures.packageDirectory()
        let names = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
        let pages = try names.filter { $0.hasSuffix(".md") }.map { name in
            File(path: name, text: try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8))
        }
        return try ["Sources", "Tests", "deploy"].reduce(pages) { try $0 + files($1, ["md"]) }
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Fixtures.packageDirectory() + "/" + path)
    }
}
