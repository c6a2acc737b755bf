import FoundationEssentials
import Logging
import Shared

/// How the worker's threads reach the coordinator: each makes a client of its own.
struct CoordinatorAccess: Sendable {
    let source: JoinSource
    let stop: StopSignal
    let contact: CoordinatorContact

    init(source: JoinSource, stop: StopSignal, logger: Logger) {
        self.source = source
        self.stop = stop
        contact = CoordinatorContact(logger: logger)
    }

    /// A client that tries for as long as it takes: a coordinator that is away comes back. Once the
    /// worker is told to stop it tries on until its grace is over.
    /// - Parameters:
    ///   - lease: what the calls are about. They are repeated as often as heartbeats at least: a
    ///     coordinator that comes back gives every lease its full length, and takes it for lost
    ///     where the worker waits for longer.
    ///   - isFutile: asked between tries; true ends them.
    ///   - isHeld: asked between tries; the next one waits for as long as it is true.
    ///   - isCancelled: asked about once a second; true breaks off even a call under way.
    func client(
        for lease: Lease? = nil, givingUpWhen isFutile: @escaping () -> Bool = { false },
        holdingWhile isHeld: @escaping () -> Bool = { false },
        cancelledWhen isCancelled: @escaping () -> Bool = { false }
    ) throws -> CoordinatorClient {
        let start = ContinuousClock.now
        var environment = CoordinatorClient.Environment(
            sleep: { [stop] in
                stop.pause(seconds: $0)
                while isHeld(), !isFutile(), !stop.isSet { stop.sleep(seconds: 0.1) }
            },
            shouldGiveUp: { [stop] _ in isFutile() || stop.isPast(share: 1) },
            elapsed: { ContinuousClock.now - start }, now: { Timestamp(Date()) },
            randomBits: { UInt64.random(in: .min ... .max) })
        environment.retry = Self.retry(for: lease)
        environment.observe = { [contact] in contact.note($0) }
        // A token that is replaced, or a coordinator that moves, costs nothing that was trained:
        // calls wait for the file to have the new one.
        if source.isChangeable {
            environment.rejoin = { [source] in try? source.load() }
        }
        do {
            return try CoordinatorClient(
                source.load(), environment: environment,
                isCancelled: { [stop] in isCancelled() || stop.isPast(share: 1) })
        } catch {
            contact.noteNoWay("\(error)")
            throw error
        }
    }

    /// Tries once to connect, and logs it if that fails: before the self-test, which takes a while.
    func probe() {
        do {
            let join = try source.load()
            var request = HTTPRequest(.get, "/healthz")
            request.timeoutSeconds = Limits.silenceSecondsMax
            do {
                let connection = try HTTPConnection(base: join.address, pin: join.pin)
                _ = try connection.send(request)
            } catch {
                contact.note(
                    .failed(address: join.address, .unreachable(error.description)))
            }
        } catch {
            contact.noteNoWay("\(error)")
        }
    }

    static func retry(for lease: Lease?) -> RetryPolicy {
        guard let lease else { return RetryPolicy() }
        let heartbeat = lease.expiresInSeconds / Limits.heartbeatsPerLease
        return RetryPolicy(delaySecondsMax: min(Limits.retryDelaySecondsMax, heartbeat))
    }
}
