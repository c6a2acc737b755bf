import ArgumentParser
import Foundation
import Shared

/// Which coordinator a command talks to, and as whom. One that the same user runs on this host
/// needs no word: it has left a file that says how to reach it.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The coordinator's address; else the environment's GDLN_COORDINATOR, else \
            \(defaultAddress).
            """,
            valueName: "url"))
    var coordinator: String?

    @Option(
        help: ArgumentHelp(
            """
            A file with what `join-string` printed on the coordinator's host; else the \
            environment's GDLN_JOIN_FILE, or GDLN_JOIN with the string itself.
            """,
            valueName: "path"))
    var joinFile: String?

    static let defaultAddress = "http://127.0.0.1:7878"

    func join() throws(JoinError) -> Join {
        try JoinSource(
            options: .init(joinFile: joinFile, address: coordinator),
            environment: .current, role: .admin,
            defaultAddress: Self.defaultAddress
        ).load()
    }

    /// A client that tries for a few seconds, as long as a person likes to wait.
    /// - Parameter seconds: how long to go on after a failed try; 0: one try.
    func client(tryingFor seconds: Double = 5) throws -> CoordinatorClient {
        try client(join(), tryingFor: seconds)
    }

    /// A client with the way to the coordinator that is known now; nil if that is the other
    /// client's. While the coordinator is away, its token may not be there.
    func client(unlike other: CoordinatorClient) throws -> CoordinatorClient? {
        let join = try join()
        return join == other.join || join.token == nil ? nil : try client(join, tryingFor: 5)
    }

    private func client(_ join: Join, tryingFor seconds: Double) throws -> CoordinatorClient {
        let clock = ContinuousClock()
        let start = clock.now
        let environment = CoordinatorClient.Environment(
            sleep: { Thread.sleep(forTimeInterval: $0) }, shouldGiveUp: { $0 >= seconds },
            elapsed: { clock.now - start }, now: { Timestamp(Date()) },
            randomBits: { UInt64.random(in: .min ... .max) })
        return try CoordinatorClient(
            join, environment: environment, isCancelled: { false })
    }
}

/// A failure as a person sees it: one sentence, exit code 1 without a usage text.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Prints JSON for programs.
func printJSON(_ value: some Encodable) throws {
    try StandardOutput.print(json: JSONValue(parsing: WireCoding.encode(value)).readableData())
}
