import Shared

/// How the worker's threads reach the coordinator: each makes a client of its own.
struct CoordinatorAccess: Sendable {
    let address: String
    let stop: StopSignal

    /// A client that tries for as long as it takes: a coordinator that is away comes back. Once the
    /// worker is told to stop it tries on for a short while only, to say goodbye.
    func client() throws -> CoordinatorClient {
        let start = ContinuousClock.now
        let environment = CoordinatorClient.Environment(
            sleep: { [stop] in stop.sleep(seconds: $0) },
            shouldGiveUp: { [stop] in stop.isSet && $0 > Limits.partingSecondsMax },
            elapsed: { ContinuousClock.now - start },
            randomBits: { UInt64.random(in: .min ... .max) })
        return try CoordinatorClient(
            address: address, environment: environment, isCancelled: { false })
    }
}
