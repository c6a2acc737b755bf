import Foundation
import Shared

/// Writes a sweep's files. Each is one snapshot of the store, copied to a temporary file, so that a
/// slow reader never holds up the store.
struct Reports: Sendable {
    let store: Store
    let temporaryDirectory: String
    let space: DiskSpace
    let labels: StoredLabels
    private let places = Budget(
        total: Limits.reportsAtOnceMax, share: Limits.reportsAtOncePerTokenMax)
    private let turns = ReportTurns(Limits.reportReadersMax)

    init(store: Store, temporaryDirectory: String, space: DiskSpace, labels: StoredLabels) {
        self.store = store
        self.temporaryDirectory = temporaryDirectory
        self.space = space
        self.labels = labels
    }

    /// - Parameters:
    ///   - caller: who asks; it may have only some of the places.
    ///   - finishedOnly: leaves out tasks that have no result.
    ///   - skipsDamaged: writes damaged results without numbers.
    func report(
        _ sweep: String, for caller: Caller?, withRuntime: Bool, finishedOnly: Bool,
        skipsDamaged: Bool
    ) async throws -> TemporaryFile {
        try await write(sweep, caller, skipsDamaged) { snapshot, output in
            let table = ReportTable(
                sweepName: snapshot.sweep.name, sweep: try snapshot.sweep.parsed(),
                withRuntime: withRuntime, comparisons: try snapshot.comparisons())
            try output.append(table.header)
            try snapshot.forEachTask { task in
                guard task.isComplete || !finishedOnly else { return }
                try output.append { CSV.appendLine(table.cells(task), to: &$0) }
            }
        }
    }

    func history(
        _ sweep: String, for caller: Caller? = nil, skipsDamaged: Bool = false
    ) async throws -> TemporaryFile {
        try await write(sweep, caller, skipsDamaged) { snapshot, output in
            try output.append(HistoryTable.header)
            try snapshot.forEachMetricRow { task, row in
                try output.append { HistoryTable.append(task, row, to: &$0) }
            }
        }
    }

    func manifest(
        _ sweep: String, for caller: Caller? = nil, skipsDamaged: Bool = false
    ) async throws -> TemporaryFile {
        try await write(sweep, caller, skipsDamaged) { [labels] snapshot, output in
            var manifest = Manifest(
                of: snapshot.sweep, comparisons: try snapshot.comparisons())
            try output.append(try manifest.head())
            try snapshot.forEachTask(withConfiguration: true) { task in
                try output.append(try manifest.entry(task))
            }
            try output.append(try manifest.foot(warnings: labels.warnings(of: manifest.uses)))
        }
    }

    /// Nothing is written before the stored results of the same snapshot are checked.
    private func write(
        _ sweep: String, _ caller: Caller?, _ skipsDamaged: Bool,
        _ body: @escaping @Sendable (SweepSnapshot, LineOutput) throws -> Void
    ) async throws -> TemporaryFile {
        let place: Budget.Holding
        do {
            place = try places.take(for: caller)
        } catch {
            throw APIError(error, of: "reports are being written or read", limit: places.share)
        }
        let file = try TemporaryFile(in: temporaryDirectory, keeping: place)
        try await turns.run(for: caller) {
            try await store.withSnapshot(of: sweep) { [space] snapshot in
                var snapshot = snapshot
                try snapshot.checkResults(skipsDamaged: skipsDamaged)
                let output = LineOutput(file: file, space: space)
                try body(snapshot, output)
                try output.flush()
            }
        }
        return file
    }
}

extension StoredSweep {
    /// The sweep that was submitted, with its axes.
    func parsed() throws -> Sweep {
        try Sweep(reading: SourceValue(JSONValue(parsing: Data(specification.utf8))))
    }
}

/// Collects short texts into long writes. A large file ends where the disk's reserve begins, which
/// is for results.
final class LineOutput {
    private let file: TemporaryFile
    private let space: DiskSpace
    private var pending: [UInt8] = []

    init(file: TemporaryFile, space: DiskSpace) {
        self.file = file
        self.space = space
    }

    func append(_ text: String) throws {
        try append { $0.append(contentsOf: text.utf8) }
    }

    /// - Parameter write: adds to what is pending.
    func append(_ write: (inout [UInt8]) -> Void) throws {
        write(&pending)
        if pending.count >= 1 << 18 { try flush() }
    }

    func flush() throws {
        guard file.count < Limits.smallReportBytes || space.isRoomy else {
            throw APIError.diskIsNearlyFull
        }
        try file.append(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
