import Shared

/// `history.csv`: every metric of every evaluation, one value a row, in the order of tasks and then
/// of training.
enum HistoryTable {
    static let header = CSV.line(["task", "epoch", "split", "metric", "value"].map(CSV.Cell.text))

    /// One line for each of the row's metrics, by name.
    static func append(_ task: SweepTaskID, _ row: MetricBatch.RowReader, to bytes: inout [UInt8]) {
        var start: [UInt8] = []
        CSV.append(
            [.text(task.rawValue), .number(row.epoch), .text(row.split.rawValue)], to: &start)
        start.append(UInt8(ascii: ","))
        row.forEachMetric { name, value in
            bytes += start
            CSV.append(text: name, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            bytes.append(contentsOf: value.text.utf8)
            CSV.endLine(&bytes)
        }
    }
}
