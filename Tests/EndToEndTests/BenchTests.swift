import Foundation
import TestSupport
import Testing

/// Whether `bench` measures; what it measures is this host's affair.
@Suite(.takesPlace) struct BenchTests {
    @Test func `every part is measured and told, a number a line`() async throws {
        try await Deployment.run { deployment in
            let text = try await deployment.output(
                of: "bench", "disk", "tasks", "tasks-tls", "rows", "sweep", "--seconds", "0.2",
                "--connections",
                "3", "--tasks", "40", "--rows", "4", "--json", "--folder", deployment.folder.path,
                within: .seconds(600))
            let lines = try text.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                return try #require(object as? [String: Any])
            }
            let measures = lines.compactMap { $0["measure"] as? String }
            for wanted in [
                "writes of 4 KiB with fdatasync", "tasks leased and completed",
                "tasks leased and completed, TLS", "  lease",
                "metric rows, 100 a call", "40 tasks: submit", "40 tasks: report.csv",
                "40 tasks: history.csv",
            ] {
                #expect(measures.contains(wanted), "\(measures)")
            }
            // How many there are in a second is for nobody to say on a busy machine; the sweep is
            // run to its end.
            #expect(lines.allSatisfy { $0["value"] as? Double ?? -1 >= 0 }, "\(text)")
            #expect(measures.count { $0.hasPrefix("40 tasks: ") } == 6, "\(text)")
            let left = try FileManager.default.contentsOfDirectory(atPath: deployment.folder.path)
            #expect(!left.contains { $0.hasPrefix("gdln-bench") })
        }
    }
}
