import FoundationEssentials
import Shared

/// All metric rows of one training, column by column: a few bytes a number, in memory and in a
/// checkpoint. A training that goes on from a checkpoint has the rows from before it from here, so
/// that its history and its trajectory are those of a training that was never stopped.
///
///     metrics.epochs, metrics.splits               of each row; a split by its place in `Split`
///     metrics.values.NAME, metrics.present.NAME    of each metric: float32; 1 where there is one
struct MetricTable: Equatable {
    private var epochs: [Double] = []
    private var splits: [UInt8] = []
    private var columns: [String: Column] = [:]

    private struct Column: Equatable {
        var values: [Float]
        var present: [UInt8]
    }

    var count: Int { epochs.count }

    mutating func append(_ row: MetricRow) {
        for name in row.values.keys where columns[name] == nil {
            columns[name] = Column(
                values: Array(repeating: 0, count: count),
                present: Array(repeating: 0, count: count))
        }
        for name in columns.keys {
            columns[name]?.values.append(row.values[name]?.value ?? 0)
            columns[name]?.present.append(row.values[name] == nil ? 0 : 1)
        }
        epochs.append(Double(row.epoch))
        splits.append(UInt8(MetricRow.Split.allCases.firstIndex(of: row.split) ?? 0))
    }

    /// In the order in which they were appended.
    var rows: [MetricRow] {
        epochs.indices.map { index in
            MetricRow(
                epoch: Int(epochs[index]), split: MetricRow.Split.allCases[Int(splits[index])],
                values: columns.compactMapValues { column in
                    column.present[index] == 1 ? MetricValue(column.values[index]) : nil
                })
        }
    }
}

// MARK: - In a checkpoint

extension MetricTable {
    private static let values = "metrics.values."
    private static let present = "metrics.present."

    func export(to file: inout Safetensors) {
        file.set("metrics.epochs", epochs, shape: [count])
        file.set("metrics.splits", splits, shape: [count])
        for (name, column) in columns {
            file.set(Self.values + name, column.values, shape: [count])
            file.set(Self.present + name, column.present, shape: [count])
        }
    }

    /// Throws a sentence where the file has no such table, or none that can be.
    init(reading file: Safetensors) throws {
        epochs = try file.tensor("metrics.epochs", .float64, rank: 1).doubles
        splits = try Array(file.tensor("metrics.splits", .uint8, rank: 1).bytes)
        for name in file.tensors.keys where name.hasPrefix(Self.values) {
            let metric = String(name.dropFirst(Self.values.count))
            columns[metric] = Column(
                values: try file.floats(name, rank: 1),
                present: try Array(file.tensor(Self.present + metric, .uint8, rank: 1).bytes))
        }
        let areEpochsRight = epochs.allSatisfy { epoch in
            Int(exactly: epoch).map((1...Limits.epochsMax).contains) ?? false
        }
        guard areEpochsRight, splits.allSatisfy({ $0 < MetricRow.Split.allCases.count }),
            splits.count == count,
            columns.values.allSatisfy({ $0.values.count == count && $0.present.count == count }),
            columns.values.allSatisfy({ $0.present.allSatisfy { $0 <= 1 } })
        else { throw SafetensorsError.malformed("its metric rows do not fit together") }
    }
}
