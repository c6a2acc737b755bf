import Foundation
import Shared
import TestSupport

/// A worker that trains nothing and says everything: honest, or with the vices that a store has to
/// stand. It speaks raw calls, with request ids of its own making.
struct SimulatedWorker {
    let name: String
    let caller: RecordedCaller
    let control: RunControl
    let leaseSeconds: Double
    let character: WorkerCharacter
    private var random: SeededRandom
    private var requests = 0
    /// Leases that it has lost, given up or slept through.
    private var old: [Lease] = []

    init(
        _ name: String, caller: RecordedCaller, control: RunControl, leaseSeconds: Double,
        character: WorkerCharacter, random: SeededRandom
    ) {
        self.name = name
        self.caller = caller
        self.control = control
        self.leaseSeconds = leaseSeconds
        self.character = character
        self.random = random
    }

    /// Works until the run is over.
    mutating func run() {
        while !control.isStopped {
            let request = LeaseRequest(
                worker: WorkerName(unchecked: name), host: "rig",
                slots: 1 + random.below(character.slotsMax), waitSeconds: random.below(2),
                selfTest: .right)
            let outcome = caller.settled(
                .lease, "/v1/leases", request, request: nextRequest(), control: control)
            if case .ok(200, let body) = outcome,
                let answer = try? WireCoding.decode(LeaseResponse.self, from: Data(body.utf8))
            {
                for lease in answer.leases { attend(lease) }
            } else {
                control.sleep(seconds: 0.02)
            }
            speakOutOfTurn()
        }
    }

    private mutating func nextRequest() -> String {
        requests += 1
        return "\(name)-\(requests)"
    }

    private mutating func happens(_ probability: Double) -> Bool {
        random.uniform() < probability && !control.isHealed
    }

    private mutating func attend(_ lease: Lease) {
        if happens(character.vanishes) { return old.append(lease) }
        let rows = SimulatedSweep.rows(lease.task, attempt: lease.attempt)
        var sent = 0
        while sent < rows.count {
            work()
            if happens(character.oversleeps) {
                control.sleep(seconds: leaseSeconds * (character.leasesSlept + random.uniform()))
            }
            let count = min(rows.count - sent, random.below(rows.count + 1))
            let outcome = post(
                "metrics", .metrics,
                MetricsRequest(
                    firstSequence: sent, rows: Array(rows[sent..<sent + count]),
                    epochsCompleted: sent + count), lease)
            guard case .ok = outcome else { return old.append(lease) }
            sent += count
        }
        if happens(character.fails) {
            let request = FailRequest(
                error: "simulated, attempt \(lease.attempt)", isPermanent: false)
            _ = post("fail", .fail, request, lease)
            return old.append(lease)
        }
        if happens(character.handsBack) {
            _ = post("hand_back", .handBack, HandBackRequest(reason: "simulated"), lease)
            return old.append(lease)
        }
        complete(lease)
    }

    private mutating func complete(_ lease: Lease) {
        let result = SimulatedSweep.result(lease)
        if happens(character.forges) {
            let token = String(lease.token.rawValue.reversed())
            _ = once("complete", .complete, result, lease, token: token)
        }
        let request = nextRequest()
        _ = post("complete", .complete, result, lease, request: request)
        if happens(character.repeats) {
            _ = once("complete", .complete, result, lease, request: request)
            _ = once("complete", .complete, result, lease)
        }
        if happens(character.reuses) {
            // Another call under the same id.
            _ = once("hand_back", .handBack, HandBackRequest(reason: "x"), lease, request: request)
        }
        old.append(lease)
    }

    /// Says something about a task that is not, or no more, its own.
    private mutating func speakOutOfTurn() {
        guard !old.isEmpty, happens(character.speaksOutOfTurn) else { return }
        let lease = old[random.below(old.count)]
        switch random.below(4) {
        case 0:
            let rows = SimulatedSweep.rows(lease.task, attempt: lease.attempt)
            let request = MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: rows.count)
            _ = once("metrics", .metrics, request, lease)
        case 1: _ = once("complete", .complete, SimulatedSweep.result(lease), lease)
        case 2:
            let request = FailRequest(error: "out of turn", isPermanent: false)
            _ = once("fail", .fail, request, lease)
        default:
            // A heartbeat.
            let request = MetricsRequest(firstSequence: 0, rows: [], epochsCompleted: 0)
            _ = once("metrics", .metrics, request, lease)
        }
    }

    /// The time that training would take.
    private mutating func work() {
        let seconds = character.workSeconds * 2 * random.uniform()
        control.sleep(seconds: seconds)
    }

    private mutating func post(
        _ verb: String, _ operation: Call.Operation, _ message: some Encodable, _ lease: Lease,
        request: String? = nil
    ) -> Call.Outcome {
        caller.settled(
            operation, "/v1/leases/\(lease.id)/\(verb)", message, request: request ?? nextRequest(),
            token: lease.token.rawValue, control: control)
    }

    private mutating func once(
        _ verb: String, _ operation: Call.Operation, _ message: some Encodable, _ lease: Lease,
        request: String? = nil, token: String? = nil
    ) -> Call.Outcome {
        caller.once(
            operation, "/v1/leases/\(lease.id)/\(verb)", message, request: request ?? nextRequest(),
            token: token ?? lease.token.rawValue)
    }
}

/// How a simulated worker behaves until the faults are over. Probabilities, of each occasion.
struct WorkerCharacter: Sendable {
    /// Takes a task and is never heard of again.
    var vanishes = 0.0
    /// Is silent for longer than a lease, and goes on as if nothing had been.
    var oversleeps = 0.0
    /// How many leases it is silent for, and up to one more.
    var leasesSlept = 1.2
    var fails = 0.0
    var handsBack = 0.0
    /// Sends what was answered once more.
    var repeats = 0.0
    /// Sends a wrong token.
    var forges = 0.0
    /// Sends another call under a used request id.
    var reuses = 0.0
    /// Speaks for a lease that is over.
    var speaksOutOfTurn = 0.0
    var slotsMax = 1
    /// On average, between two calls.
    var workSeconds = 0.01

    init() {}

    static let honest = WorkerCharacter()

    /// Everything that happens in a cluster in a year, in a few seconds.
    static var restless: WorkerCharacter {
        var character = WorkerCharacter()
        character.vanishes = 0.03
        character.oversleeps = 0.02
        character.fails = 0.05
        character.handsBack = 0.05
        character.repeats = 0.2
        character.forges = 0.05
        character.reuses = 0.05
        character.speaksOutOfTurn = 0.3
        character.slotsMax = 3
        return character
    }
}
