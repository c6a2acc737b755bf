public import Foundation
import TestSupport

/// The executable with all mutants in it, built from a copy of the sources.
public struct MutantBuild {
    /// Where its executables lie.
    public let executables: URL

    /// What chooses the mutant.
    public static let variable = "GDLN_MUTANT"

    /// Copies, edits and builds: minutes the first time, less where little has changed.
    public init(in folder: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        let package = Fixtures.packageDirectory()
        for name in ["Package.swift", "Package.resolved", "Sources", "Tests"]
        where files.fileExists(atPath: "\(package)/\(name)") {
            try? files.removeItem(at: folder.appending(path: name))
            // Times are kept, so that what did not change is not built again.
            try Machine.run("cp", "--archive", "\(package)/\(name)", folder.path)
        }
        for (file, edits) in Self.editsByFile() {
            let url = folder.appending(path: "Sources/Coordinator/" + file)
            let text = try Self.apply(edits, to: String(contentsOf: url, encoding: .utf8), file)
            try Data(text.utf8).write(to: url)
        }
        try Data(Self.chooser.utf8).write(
            to: folder.appending(path: "Sources/Coordinator/MutantChooser.swift"))
        try Machine.run(
            "swift", "build", "--package-path", folder.path, "--product", "gdln-coordinator")
        executables = folder.appending(path: ".build/debug")
    }

    private static func editsByFile() -> [String: [(mutant: String, edit: Mutant.Edit)]] {
        Dictionary(
            grouping: Mutant.all.flatMap { mutant in mutant.edits.map { (mutant.name, $0) } }
        ) { $0.1.file }
    }

    /// The file with all edits in it. Throws where one does not fit.
    static func apply(
        _ edits: [(mutant: String, edit: Mutant.Edit)], to text: String, _ file: String
    ) throws -> String {
        var text = text
        for (mutant, edit) in edits {
            guard text.components(separatedBy: edit.find).count == 2 else {
                throw TestFailure(
                    "the mutant \(mutant) does not fit \(file) any more: '\(edit.find)' was "
                        + "wanted there once")
            }
            let replacement = edit.replacement.replacing(
                "MUTANT", with: "(mutantName == \"\(mutant)\")")
            text = text.replacing(edit.find, with: replacement)
        }
        return text
    }

    /// The file with all edits of it applied, from the package's own sources.
    static func mutated(_ file: String) throws -> String {
        let path = Fixtures.packageDirectory() + "/Sources/Coordinator/" + file
        return try apply(
            editsByFile()[file] ?? [], to: String(contentsOfFile: path, encoding: .utf8), file)
    }

    private static let chooser = """
        import Foundation

        let mutantName = ProcessInfo.processInfo.environment["\(variable)"] ?? ""

        enum MutantClock {
            private static let origin = (ContinuousClock.now, Date())

            /// The wall clock in the steady one's clothes.
            static var wall: ContinuousClock.Instant {
                origin.0 + .seconds(Date().timeIntervalSince(origin.1))
            }

            static func pause() { Thread.sleep(forTimeInterval: 0.02) }
        }
        """
}
