import Shared

/// `history.csv`: every metric of every evaluation, one value a row, in the order of tasks and then
/// of training.
enum HistoryTable {
    static let header = CSV.line(["task", "epoch", "split", "metric", "value"].map(CSV.Cell.text))

    /// One line for each of the row's metrics, by name.
    static func lines(_ task: SweepTaskID, _ row: MetricRow) -> String {
        row.values.keys.sorted().reduce(into: "") { lines, name in
            guard let value = row.values[name] else { return }
            lines += CSV.line([
                .text(task.rawValue), .number(row.epoch), .text(row.split.rawValue), .text(name),
                .number(value.text),
            ])
        }
    }
}
