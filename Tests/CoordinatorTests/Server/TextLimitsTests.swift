import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Memory is taken by bytes: a limit of characters lets a text of one character and a megabyte in.
@Suite struct TextLimitsTests {
    /// One character, as Swift counts, of that many bytes; the number is odd.
    private static func character(bytes: Int) -> String {
        "e" + String(repeating: "\u{301}", count: bytes / 2)
    }

    private static func hasEnd(_ answer: Answer) -> Bool {
        answer.body.utf8.count < 2 * Limits.mistakesReportedMax * Limits.errorTextBytesMax
    }

    @Test(arguments: [
        "name", "base.dataset", "base.gate.name", "axes.seeds.weights", "attempts", "search",
    ])
    func `a sweep's texts are limited in bytes`(place: String) async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            for bytes in [Limits.nameBytesMax + 1, 900_001] {
                let text = Self.character(bytes: bytes)
                #expect(text.count == 1 && text.utf8.count == bytes)
                let sweep = Self.sweep(with: text, at: place)
                let answer = try await client.post("/v1/sweeps", sweep)
                #expect(answer.status == 422, "\(place): \(answer.status)")
                #expect(Self.hasEnd(answer), "\(place): \(answer.body.utf8.count) bytes")
            }
        }
    }

    private static func sweep(with text: String, at place: String) -> String {
        let whole = ServerWorld.sweep()
        return switch place {
        case "name": whole.replacing("study", with: text)
        case "base.dataset": whole.replacing("tiny", with: text)
        case "base.gate.name":
            whole.replacing(#""k":[1,2]"#, with: #""k":[1,2],"name":"\#(text)""#)
        case "axes.seeds.weights": whole.replacing("seeds.weights", with: text)
        case "attempts": whole.replacing(#""attempts":2"#, with: #""attempts":"\#(text)""#)
        default: whole.replacing(#""attempts":2"#, with: #""search":"\#(text)""#)
        }
    }

    @Test func `a name at the limit is accepted, one byte more is not`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            let longest = Self.character(bytes: Limits.nameBytesMax - 1)
            for (text, status) in [(longest, 201), (longest + "xy", 422), (longest + "x", 201)] {
                let answer = try await client.post("/v1/sweeps", ServerWorld.sweep(name: text))
                #expect(answer.status == status, "\(text.utf8.count) bytes")
            }
        }
    }

    @Test func `hosts, workers, labels and metrics are limited in bytes`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            let host = Self.character(bytes: Limits.hostNameBytesMax + 2)
            #expect(try await client.askForTask(host: host).status == 400)
            let name = Self.character(bytes: Limits.nameBytesMax + 1)
            #expect(try await client.askForTask(name).status == 400)
            let digest = Digest(of: Data("token".utf8))
            let token = TokenRequest(role: .read, label: name, digest: digest)
            let body = String(decoding: try WireCoding.encode(token), as: UTF8.self)
            #expect(try await client.post("/v1/tokens", body).status == 400)

            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            let row = MetricRow(epoch: 1, split: .test, values: [name: MetricValue(1)])
            let answer = try await client.tell(
                lease, "metrics", MetricsRequest(firstSequence: 0, rows: [row], epochsCompleted: 1))
            #expect(answer.status == 400)
        }
    }

    @Test func `no limit counts characters`() throws {
        let limits = try String(
            contentsOfFile: Fixtures.packageDirectory() + "/Sources/Shared/Limits.swift",
            encoding: .utf8)
        let names = limits.matches(of: /static let (\w*[Cc]haracter\w*)/).map(\.1)
        #expect(names.isEmpty && limits.contains("static let nameBytesMax"))
    }
}
