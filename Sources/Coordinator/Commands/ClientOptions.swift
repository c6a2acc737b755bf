import ArgumentParser
import Foundation
import Shared

/// Which coordinator a command talks to.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The coordinator's address; else the environment's GDLN_COORDINATOR, else \(defaultAddress).",
            valueName: "url"))
    var coordinator: String?

    static let defaultAddress = "http://127.0.0.1:7878"

    var address: String {
        coordinator ?? ProcessInfo.processInfo.environment["GDLN_COORDINATOR"]
            ?? Self.defaultAddress
    }

    /// A client that tries for a few seconds, as long as a person likes to wait.
    func client() throws -> CoordinatorClient {
        let clock = ContinuousClock()
        let start = clock.now
        let environment = CoordinatorClient.Environment(
            sleep: { Thread.sleep(forTimeInterval: $0) }, shouldGiveUp: { $0 > 5 },
            elapsed: { clock.now - start }, randomBits: { UInt64.random(in: .min ... .max) })
        return try CoordinatorClient(
            address: address, environment: environment, isCancelled: { false })
    }
}

/// A failure as a person sees it: one sentence, exit code 1 without a usage text.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Prints JSON for programs.
func printJSON(_ value: some Encodable) throws {
    let data = try JSONValue(parsing: WireCoding.encode(value)).readableData()
    print(String(decoding: data, as: UTF8.self))
}

/// Writes to the standard output at once, past any buffer.
func writeOut(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
}
