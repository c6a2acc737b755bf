import Foundation
import Shared
import Testing

/// The page that a person reads must know every key that the reader knows, and no other.
@Suite struct SweepFilesPageTests {
    private let page: String

    init() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        page = try String(
            contentsOf: root.appending(path: "Sources/Shared/Documentation.docc/SweepFiles.md"),
            encoding: .utf8)
    }

    /// The first cells of the tables' rows.
    private var documented: [String] {
        page.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| `") else { return nil }
            return line.dropFirst(3).split(separator: "`").first.map(String.init)
        }
    }

    @Test func `the page has every key, in the reader's order, and no other`() {
        let top = [
            "name", "experiment", "base", "axes", "exclude", "search", "attempts", "checkpoint",
            "checkpoint.every_epochs", "recheck", "recheck.share", "halving", "share_results",
        ]
        #expect(documented == top + Experiment.allCases.flatMap(\.paths))
    }

    @Test func `the limits that the page names are the ones in force`() {
        let limits = [
            Limits.nameBytesMax, Limits.attemptsMax, Limits.attemptsDefault,
            Limits.datasetExamplesMax, Limits.domainsMax, Limits.classesMax, Limits.hiddenWidthMax,
            Limits.layersMax, Limits.batchSizeMax, Limits.epochsMax, Limits.parametersMax,
            Limits.tasksPerSweepMax, Limits.axesPerSweepMax, Limits.sweepFileBytesMax,
            Limits.sweepNestingMax, Limits.routingDomainsMax, Limits.itemsMax,
            Limits.gatedParametersMax,
        ]
        for limit in limits { #expect(page.contains(" \(limit)"), "\(limit)") }
    }
}
