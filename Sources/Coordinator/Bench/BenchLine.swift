import Foundation
import Shared

/// One measured number, with what stood beside it.
struct BenchLine: Encodable {
    var measure: String
    var connections: Int?
    var value: Double
    var unit: String
    /// Milliseconds from a request to its answer.
    var p50Milliseconds: Double?
    var p99Milliseconds: Double?
    /// Processors that the coordinator and the load were using, on average.
    var serverProcessors: Double?
    var loadProcessors: Double?
    /// What the coordinator had in memory at the end.
    var serverMegabytes: Double?

    enum CodingKeys: String, CodingKey {
        case measure, connections, value, unit
        case p50Milliseconds = "p50_ms"
        case p99Milliseconds = "p99_ms"
        case serverProcessors = "server_processors"
        case loadProcessors = "load_processors"
        case serverMegabytes = "server_mb"
    }

    static let columns = [
        "measure", "connections", "value", "unit", "p50 ms", "p99 ms", "server cpu", "load cpu",
        "server MB",
    ]

    var cells: [String] {
        [
            measure, connections.map(String.init) ?? "", Self.short(value), unit,
            Self.short(p50Milliseconds), Self.short(p99Milliseconds), Self.short(serverProcessors),
            Self.short(loadProcessors), Self.short(serverMegabytes),
        ]
    }

    static func aligned(_ cells: [String]) -> String {
        let widths = [40, 11, 8, 4, 7, 7, 10, 8, 9]
        let padded = zip(cells, widths).enumerated().map { column, cell in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            // The first column and the units are words.
            return column == 0 || column == 3 ? cell.0 + space : space + cell.0
        }
        return padded.joined(separator: "  ")
    }

    /// Three figures say enough of a measurement.
    private static func short(_ value: Double?) -> String {
        guard let value else { return "" }
        return String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
    }
}

/// Processor time of a span, of the coordinator and of this process.
struct ProcessorMeter {
    private let server: BenchServer
    private let start = ContinuousClock.now
    private let serverStart: Double
    private let ownStart: Double

    init(_ server: BenchServer) {
        self.server = server
        serverStart = server.processorSeconds
        ownStart = Self.own
    }

    private static var own: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// A line with what the span cost.
    func line(_ measure: String, _ value: Double, _ unit: String, connections: Int? = nil)
        -> BenchLine
    {
        let seconds = (ContinuousClock.now - start).seconds
        return BenchLine(
            measure: measure, connections: connections, value: value, unit: unit,
            serverProcessors: (server.processorSeconds - serverStart) / seconds,
            loadProcessors: (Self.own - ownStart) / seconds,
            serverMegabytes: server.residentMegabytes)
    }
}
