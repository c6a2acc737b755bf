import Foundation
import Shared
import Synchronization
import TestSupport

/// Stands between clients and a coordinator, and does to their calls what networks, load balancers
/// and clients' libraries do: sends them twice, late, in another order, or loses one half of them.
final class FaultProxy: Sendable {
    /// Probabilities, of each call that changes something.
    struct Faults: Sendable {
        /// A copy goes along on another connection at the same time.
        var twice = 0.0
        /// A copy follows up to `lateSecondsMax` later.
        var late = 0.0
        var lateSecondsMax = 2.0
        /// It is held for a while, so that others overtake it.
        var held = 0.0
        var heldSecondsMax = 0.3
        /// It is lost before the coordinator sees it.
        var cutBefore = 0.0
        /// Its answer is lost, after the coordinator did it.
        var cutAfter = 0.0

        init() {}

        static var all: Faults {
            var faults = Faults()
            (faults.twice, faults.late, faults.held) = (0.15, 0.1, 0.15)
            (faults.cutBefore, faults.cutAfter) = (0.05, 0.1)
            return faults
        }
    }

    /// What is written down.
    enum Recording: Sendable {
        /// The copies that it makes: the clients write down their own calls.
        case copies
        /// Every call: the clients are real ones.
        case everything
    }

    private let server: Mutex<ScriptedServer?> = Mutex(nil)
    private let random: Mutex<SeededRandom>
    private let faults: Faults
    private let recording: Recording
    private let recorder: Recorder
    private let control: RunControl
    private let backend: String
    private let pending = Mutex(0)

    init(
        to backend: String, faults: Faults, recording: Recording, recorder: Recorder,
        control: RunControl, seed: UInt64
    ) throws {
        self.backend = backend
        self.faults = faults
        self.recording = recording
        self.recorder = recorder
        self.control = control
        random = Mutex(SeededRandom(seed: seed, purpose: .dataOrder, index: 1_000))
        let server = try ScriptedServer { [weak self] in self?.pass($0) ?? .hangUp }
        self.server.withLock { $0 = server }
    }

    var address: String { server.withLock { $0?.address ?? "" } }

    /// How many copies are still to be sent.
    var copiesPending: Int { pending.withLock { $0 } }

    func stop() { server.withLock { $0?.stop() } }

    private func happens(_ probability: Double) -> Bool {
        random.withLock { $0.uniform() } < probability && !control.isHealed
    }

    private func seconds(upTo bound: Double) -> Double {
        random.withLock { $0.uniform() } * bound
    }

    private func pass(_ request: ScriptedServer.Received) -> ScriptedServer.Act {
        let call = Forwarded(request)
        guard call.operation != nil else { return answer(send(call, isCopy: false)) }
        if happens(faults.cutBefore) { return .hangUp }
        if happens(faults.late) { copy(call, after: seconds(upTo: faults.lateSecondsMax)) }
        if happens(faults.held) { control.sleep(seconds: seconds(upTo: faults.heldSecondsMax)) }
        if happens(faults.twice) { copy(call, after: 0) }
        let found = send(call, isCopy: false)
        return happens(faults.cutAfter) ? .hangUp : answer(found)
    }

    private func copy(_ call: Forwarded, after seconds: Double) {
        pending.withLock { $0 += 1 }
        Thread.detachNewThread { [self] in
            control.sleep(seconds: seconds)
            _ = send(call, isCopy: true)
            pending.withLock { $0 -= 1 }
        }
    }

    private func answer(_ found: HTTPResponse?) -> ScriptedServer.Act {
        guard let found else { return .hangUp }
        let retry = found.retryAfterSeconds.map { ["Retry-After: \(Int($0))"] } ?? []
        return .answerData(
            status: found.status, headers: ["Content-Type: application/json"] + retry, found.body)
    }

    /// Nil where the coordinator did not answer.
    private func send(_ call: Forwarded, isCopy: Bool) -> HTTPResponse? {
        var number: Int?
        if let operation = call.operation, isCopy || recording == .everything {
            number = recorder.begin(
                operation, by: "proxy", path: call.request.path,
                request: call.headers["request-id"] ?? "", token: call.headers["lease-token"],
                body: String(decoding: call.request.body ?? Data(), as: UTF8.self))
        }
        do throws(TransportError) {
            let found = try HTTPConnection(base: backend).send(call.request)
            if let number {
                let body = String(decoding: found.body, as: UTF8.self)
                recorder.end(number, Call.Outcome(status: found.status, body: body))
            }
            return found
        } catch {
            if let number { recorder.end(number, .unknown(error.description)) }
            return nil
        }
    }
}

/// A request on its way through.
private struct Forwarded: Sendable {
    var request: HTTPRequest
    var headers: [String: String]
    /// Nil for what changes nothing.
    var operation: Call.Operation?

    private static let ownHeaders: Set = [
        "host", "content-length", "content-type", "expect", "connection",
    ]

    init(_ received: ScriptedServer.Received) {
        let parts = received.line.split(separator: " ").map(String.init)
        let method = HTTPRequest.Method(rawValue: parts[0]) ?? .get
        request = HTTPRequest(
            method, parts[1], body: method == .get ? nil : received.bytes)
        request.headers = received.headers.filter { !Self.ownHeaders.contains($0.key) }
            .map { (name: $0.key, value: $0.value) }
        // A long poll may take a minute.
        request.timeoutSeconds = 90
        request.responseBytesMax = Limits.datasetBytesMax
        headers = received.headers
        operation = Call.Operation(method: parts[0], path: parts[1])
    }
}
