import Foundation
import Shared
import Testing

@testable import Worker

@Suite struct MetricTableTests {
    private static let rows = [
        MetricRow(epoch: 1, split: .test, values: ["a": MetricValue(0.1)]),
        MetricRow(epoch: 1, split: .train, values: ["b": MetricValue(.infinity)]),
        MetricRow(
            epoch: 1_000_000, split: .test,
            values: ["a": MetricValue(.nan), "b": MetricValue(-0.0)]),
        MetricRow(epoch: 3, split: .train, values: [:]),
    ]

    private static func table(_ rows: [MetricRow]) -> MetricTable {
        var table = MetricTable()
        for row in rows { table.append(row) }
        return table
    }

    @Test(arguments: [[], Array(rows.prefix(1)), rows])
    func `rows come back from a file as they were, bit by bit`(rows: [MetricRow]) throws {
        var file = Safetensors()
        Self.table(rows).export(to: &file)
        let again = try MetricTable(reading: Safetensors(parsing: file.serialized()))
        #expect(again.rows == rows)
        #expect(again.count == rows.count)
    }

    @Test func `what came back can be gone on with`() throws {
        var file = Safetensors()
        Self.table(Array(Self.rows.prefix(2))).export(to: &file)
        var table = try MetricTable(reading: file)
        for row in Self.rows.dropFirst(2) { table.append(row) }
        #expect(table.rows == Self.rows)
    }

    @Test func `a table that cannot be is refused`() throws {
        var good = Safetensors()
        Self.table(Self.rows).export(to: &good)
        let changes: [(inout Safetensors) -> Void] = [
            { $0.set("metrics.epochs", [1.0], shape: [1]) },
            { $0.set("metrics.epochs", [0.0, 1, 2, 3], shape: [4]) },
            { $0.set("metrics.epochs", [Double.nan, 1, 2, 3], shape: [4]) },
            { $0.set("metrics.epochs", [1.5, 1, 2, 3], shape: [4]) },
            { $0.set("metrics.epochs", [1e308, 1, 2, 3], shape: [4]) },
            { $0.set("metrics.present.a", [1, 0, 2, 0] as [UInt8], shape: [4]) },
            { $0.set("metrics.splits", [0, 1, 0, 2] as [UInt8], shape: [4]) },
            { $0.set("metrics.values.a", [Float(1)], shape: [1]) },
            { $0.set("metrics.present.a", [1] as [UInt8], shape: [1]) },
            { $0.set("metrics.values.c", [Float](repeating: 0, count: 4), shape: [4]) },
        ]
        for change in changes {
            var file = good
            change(&file)
            #expect(throws: SafetensorsError.self) { try MetricTable(reading: file) }
        }
        #expect(throws: SafetensorsError.self) { try MetricTable(reading: Safetensors()) }
    }
}
