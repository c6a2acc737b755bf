import Shared

/// How the worker's threads reach the coordinator: each makes a client of its own.
struct CoordinatorAccess: Sendable {
    let address: String
    let stop: StopSignal

    /// A client that tries for as long as it takes: a coordinator that is away comes back. Once the
    /// worker is told to stop it tries on until its grace is over.
    /// - Parameters:
    ///   - isFutile: asked between tries; true ends them.
    ///   - isCancelled: asked about once a second; true breaks off even a call under way.
    func client(
        givingUpWhen isFutile: @escaping () -> Bool = { false },
        cancelledWhen isCancelled: @escaping () -> Bool = { false }
    ) throws -> CoordinatorClient {
        let start = ContinuousClock.now
        let environment = CoordinatorClient.Environment(
            sleep: { [stop] in stop.pause(seconds: $0) },
            shouldGiveUp: { [stop] _ in isFutile() || stop.isPast(share: 1) },
            elapsed: { ContinuousClock.now - start },
            randomBits: { UInt64.random(in: .min ... .max) })
        return try CoordinatorClient(
            address: address, environment: environment,
            isCancelled: { [stop] in isCancelled() || stop.isPast(share: 1) })
    }
}
