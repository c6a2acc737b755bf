import Foundation
import Shared
import TestSupport
import Testing

/// What no client of ours would send, to a real coordinator: right requests with something changed,
/// over real connections. However strange, each is answered with less than 500 or not at all; the
/// coordinator lives, and its store is in order afterwards.
///
/// `deploy/fuzz http --runs N` sends more of them. The seed is printed with a failure, and
/// `GDLN_FUZZ_SEED` takes it.
@Suite(.takesPlace, .timeLimit(.minutes(60))) struct HTTPFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let requests = environment["GDLN_FUZZ_REQUESTS"].flatMap { Int($0) } ?? 1_500
    private static let seed = environment["GDLN_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    @Test func `no request, however it was changed, ends a coordinator or shames it`() async throws
    {
        try await Deployment.run { deployment in
            try await deployment.startCoordinator()
            let coordinator = try #require(deployment.coordinator)
            let port = try #require(
                deployment.address.split(separator: ":").last.flatMap { UInt16($0) })
            let token = try deployment.join(.admin).token?.text ?? ""
            var mutator = RequestMutator(seed: Self.seed, token: token)
            var statuses: [Int: Int] = [:]
            var connection = try RequestConnection(port: port)
            for index in 0..<Self.requests {
                let request = mutator.next()
                let status = connection.exchange(request.bytes, isCut: request.isCut)
                statuses[status ?? 0, default: 0] += 1
                mutator.learn(from: connection.lastBody)
                if let status, status >= 500 {
                    let text = String(decoding: request.bytes.prefix(2_000), as: UTF8.self)
                    Issue.record("seed \(Self.seed), request \(index): \(status) to \(text)")
                }
                guard coordinator.isRunning else {
                    let text = String(decoding: request.bytes.prefix(2_000), as: UTF8.self)
                    throw TestFailure("seed \(Self.seed), request \(index) ended it: \(text)")
                }
                if !connection.isOpen { connection = try RequestConnection(port: port) }
                // An exchange holds its thread, on which others wait, too.
                await Task.yield()
            }
            print("answers of \(Self.requests) requests by status (0: none): \(statuses)")
            // A mutator that only makes nonsense would test nothing behind the first check.
            for wanted in [200, 201, 400, 403, 404, 422] { #expect(statuses[wanted] ?? 0 > 0) }
            coordinator.send(SIGTERM)
            #expect(try await coordinator.exit() == .code(0))
            let check = try await deployment.command("check", "--data-dir", "data")
            #expect(check.exit == .code(0), "\(check.errors)")
        }
    }
}
