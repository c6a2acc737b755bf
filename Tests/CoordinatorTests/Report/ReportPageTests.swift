import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// The page about a sweep's files defines every column and every member.
@Suite struct ReportPageTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func page(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static let report = "Sources/Coordinator/Documentation.docc/Report.md"

    /// What stands in backticks in the first cells of the tables' rows.
    private static func defined(in page: String) -> Set<String> {
        let cells = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "|").first }
        return Set(cells.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.1) } })
    }

    /// `half_epoch_3` is defined as `half_epoch_N`.
    private static func numbered(_ column: String) -> String {
        column.replacing(/_[0-9]+$/, with: "_N")
    }

    @Test(arguments: Experiment.allCases)
    func `every column that is no axis's is defined`(experiment: Experiment) throws {
        let theory = try Self.page("Sources/Trainer/Documentation.docc/Theory.md")
        let defined = Self.defined(in: try Self.page(Self.report))
            .union(Self.defined(in: theory)).union(["theory"])
        let columns =
            ReportColumn.first + experiment.lastReportColumns + ReportColumn.runtime
        for column in columns {
            let name = column.hasPrefix("train_") ? String(column.dropFirst(6)) : column
            let isDefined = defined.contains(Self.numbered(name)) || defined.contains(column)
            #expect(isDefined, "\(column)")
        }
    }

    @Test func `the report has no other columns than those and the axes'`() throws {
        for experiment in ["k_path", "routing"] {
            let sweep = try SweepFile.parse(
                experiment == "k_path" ? SweepMistakeTests.good : Self.routing)
            let table = ReportTable(sweepName: "s", sweep: sweep, withRuntime: true)
            let known =
                ReportColumn.first + sweep.axisColumns + sweep.experiment.lastReportColumns
                + ReportColumn.runtime
            #expect(table.columns == known)
            #expect(Set(known).count == known.count)
        }
    }

    private static let routing = """
        name: r
        experiment: routing
        base: {domains: 3, hidden_width: 6, gate: {family: plus_mod, k: 2}, epochs: 2,
          data: {kind: tree, depth: 1, branching: 2, strengths: [2, 1]},
          init: {gain: 0.1}, method: {name: gradient_descent, learning_rate: 0.1}}
        axes:
          job: [{seeds.weights: 1, init.gain: 1}, {seeds.weights: 2, init.gain: 2, label: two}]
        """

    @Test func `every member of a manifest is defined`() async throws {
        let page = try Self.page(Self.report)
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1]))
            for lease in try await client.lease(slots: 2) {
                try await ReportsTests.finish(lease, client)
            }
            let text = try await client.get("/v1/sweeps/study/manifest.json").body
            guard case .object(let members) = try JSONValue(parsing: Data(text.utf8)),
                case .array(let tasks)? = members["tasks"], case .object(let task)? = tasks.first
            else { throw StoreWorld.Nothing() }
            for name in Array(members.keys) + task.keys {
                #expect(page.contains("`\(name)`"), "\(name)")
            }
            let wanted = ["sweep_id", "product_version", "numeric_version", "created_at"]
            #expect(Set(wanted + ["finished_at", "kernels"]).isSubset(of: members.keys))
            #expect(members["numeric_version"] == .string(NumericVersion.current))
            #expect(members["kernels"] == .array([.string(SelfTestReport.right.kernels)]))
            let digest = Digest(of: try ServerWorld.tiny.serialized()).hexadecimal
            #expect(members["data_sha256"] == .object(["tiny": .string(digest)]))
            #expect(task["data_sha256"] == .string(digest) && task["kernels"] != nil)
            #expect(members["finished_at"] != .null)
        }
    }
}
