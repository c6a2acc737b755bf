import Shared

/// `report.csv`: a row a task, in the order of expansion, all tasks at any moment.
///
/// A row with `complete` has the metrics of a finished training; any other has those of the last
/// evaluation so far, if there was one. The columns depend on the sweep alone, and a finished
/// sweep's bytes depend only on what was trained. Hosts, times and attempts are columns only with
/// `withRuntime`.
struct ReportTable {
    let sweepName: String
    let sweep: Sweep
    let withRuntime: Bool
    /// What other hosts' reruns have come to, by position.
    var comparisons: [Int: Store.Comparison] = [:]

    private var metricNames: [String] { sweep.experiment.reportMetrics }
    private static let runtimeColumns = [
        "attempts", "host", "started_at", "seconds", "rechecked_on",
    ]

    /// The columns without a prefix are measured on the test split.
    var columns: [String] {
        ["sweep", "position", "task", "state", "complete"] + sweep.axisColumns + GateColumns.names
            + ["epochs_completed"] + metricNames
            + (hasTrainSplit ? metricNames.map { "train_" + $0 } : [])
            + ["diverged_epoch"] + (sweep.experiment.hasTheory ? ["theory"] : [])
            + (sweep.experiment.hasClosedForm ? ["closed_form"] : [])
            + ["trajectory_sha256", "pruned_reason", "error", "recheck"]
            + (withRuntime ? Self.runtimeColumns : [])
    }

    private var hasTrainSplit: Bool { sweep.experiment.splits.contains(.train) }

    var header: String { CSV.line(columns.map(CSV.Cell.text)) }

    func line(_ task: ReportTask) -> String { CSV.line(cells(task)) }

    func cells(_ task: ReportTask) -> [CSV.Cell] {
        var cells: [CSV.Cell] = [
            .text(sweepName), .number(task.position), .text(task.id.rawValue),
            .text(task.state.rawValue), .text(task.isComplete ? "true" : "false"),
        ]
        cells += sweep.axisCells(at: task.position).map(CSV.Cell.axis)
        cells += GateColumns.complete(task.gateCells).map(CSV.Cell.axis)
        cells.append(.number(task.epochsCompleted))
        cells += metricCells(.test, task)
        if hasTrainSplit { cells += metricCells(.train, task) }
        cells.append(task.divergedEpoch.map(CSV.Cell.number) ?? .empty)
        let values = task.metrics.first?.values ?? [:]
        if sweep.experiment.hasTheory { cells.append(Self.cell(TheoryText.theory(values))) }
        if sweep.experiment.hasClosedForm {
            cells.append(Self.cell(TheoryText.closedForm(values)))
        }
        cells.append(task.trajectory.map(CSV.Cell.text) ?? .empty)
        cells.append(task.prunedReason.map(CSV.Cell.text) ?? .empty)
        cells.append(task.error.map(CSV.Cell.text) ?? .empty)
        // Only a difference is told here: whether there was a rerun is a matter of hosts and time.
        let comparison = comparisons[task.position]
        cells.append(comparison?.isSame == false ? .text("different") : .empty)
        if withRuntime {
            cells += Self.runtimeCells(task)
            cells.append(comparison.map { .text($0.results.otherHost) } ?? .empty)
        }
        return cells
    }

    private func metricCells(_ split: MetricRow.Split, _ task: ReportTask) -> [CSV.Cell] {
        let values = task.metrics.first { $0.split == split }?.values ?? [:]
        return metricNames.map { name in values[name].map { .number($0.text) } ?? .empty }
    }

    private static func cell(_ text: String?) -> CSV.Cell { text.map(CSV.Cell.text) ?? .empty }

    private static func runtimeCells(_ task: ReportTask) -> [CSV.Cell] {
        let seconds: CSV.Cell =
            switch (task.startedAt, task.endedAt) {
            case (let start?, let end?):
                .number("\(Double(end.milliseconds - start.milliseconds) / 1000)")
            default: .empty
            }
        return [
            .number(task.attempts), task.host.map(CSV.Cell.text) ?? .empty,
            task.startedAt.map { .text($0.iso8601) } ?? .empty, seconds,
        ]
    }
}
