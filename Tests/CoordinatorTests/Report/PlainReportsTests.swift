import Foundation
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// A sweep's files can be shown by a terminal, whatever a worker sends.
@Suite(.timeLimit(.minutes(10))) struct PlainReportsTests {
    private static let hostile = "\u{1b}]0;pwned\u{7} \u{9b}2J \u{202e}abc\u{200b}\u{feff}"

    @Test func `no file has a control character of a worker's error, host or metric`() async throws
    {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            // A name is refused; an error text is kept as it is.
            for scalar in ["\u{1b}", "\u{9b}", "\u{202e}", "\u{200b}", "\u{feff}"] {
                let row = MetricRow(
                    epoch: 1, split: .test, values: ["m" + scalar: MetricValue(1)])
                let metrics = try await client.tell(
                    lease, "metrics",
                    MetricsRequest(firstSequence: 0, rows: [row], epochsCompleted: 1))
                #expect(metrics.status == 400)
            }
            let failed = try await client.tell(
                lease, "fail", FailRequest(error: Self.hostile, isPermanent: true))
            #expect(failed.status == 200)
            for file in ReportsTests.names {
                let body = try await client.get("/v1/sweeps/study/" + file).body
                let odd = body.unicodeScalars.filter {
                    !$0.isPlain && $0 != "\r" && $0 != "\n"
                }
                #expect(odd.isEmpty, "\(file): \(odd.map(\.codePoint))")
            }
            // What the worker said is there all the same.
            let manifest = try await client.get("/v1/sweeps/study/manifest.json").body
            let json = try JSONValue(parsing: Data(manifest.utf8))
            guard case .array(let tasks)? = json["tasks"] else { return }
            #expect(tasks.contains { $0["error"] == .string(Self.hostile) })
            let report = try await client.get("/v1/sweeps/study/report.csv").body
            #expect(report.contains(#"\u{1b}]0;pwned\u{7} \u{9b}2J \u{202e}abc"#))
        }
    }
}
