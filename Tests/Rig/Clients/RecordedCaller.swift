import Foundation
import Shared
import Synchronization

/// What all threads of a run are told.
final class RunControl: Sendable {
    private let state = Mutex((isHealed: false, isStopped: false, isOverdue: false))

    init() {}

    /// No fault is done any more: everybody behaves, so that the work comes to its end.
    var isHealed: Bool { state.withLock { $0.isHealed } }
    var isStopped: Bool { state.withLock { $0.isStopped } }
    /// The run took longer than any sound one does.
    var isOverdue: Bool { state.withLock { $0.isOverdue } }

    func heal() { state.withLock { $0.isHealed = true } }
    func stop() { state.withLock { $0.isStopped = true } }

    /// Stops everybody who would try for ever.
    func giveUp() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state = (isHealed: true, isStopped: true, isOverdue: true)
        }
    }

    /// Sleeps, but not on after the stop.
    func sleep(seconds: Double) {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isStopped, ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: min(0.02, max(0.001, seconds)))
        }
    }
}

/// Makes calls by hand, each with the request id that its maker wants, and writes them down.
/// Blocking; every thread makes its own.
final class RecordedCaller {
    let process: String
    private let connection: HTTPConnection
    private let recorder: Recorder
    private let headers: [(name: String, value: String)]
    /// A call that has not ended by then has an unknown outcome.
    var timeoutSeconds = 3.0

    /// - Parameter headers: what every call carries beside its own.
    init(
        _ process: String, address: String, headers: [(name: String, value: String)],
        recorder: Recorder
    ) throws {
        self.process = process
        self.recorder = recorder
        self.headers = headers
        connection = try HTTPConnection(base: address)
    }

    /// Sends a call once.
    func once(
        _ operation: Call.Operation, _ path: String, _ message: some Encodable, request: String,
        token: String? = nil
    ) -> Call.Outcome {
        guard let body = try? WireCoding.encode(message) else { return .unknown("no message") }
        var call = HTTPRequest(.post, path, body: body)
        call.timeoutSeconds = timeoutSeconds
        call.headers = headers + [("Request-Id", request)]
        if let token { call.headers.append(("Lease-Token", token)) }
        let number = recorder.begin(
            operation, by: process, path: path, request: request, token: token,
            body: String(decoding: body, as: UTF8.self))
        let outcome: Call.Outcome
        do throws(TransportError) {
            let answer = try connection.send(call)
            outcome = Call.Outcome(
                status: answer.status, body: String(decoding: answer.body, as: UTF8.self))
        } catch {
            outcome = .unknown(error.description)
        }
        recorder.end(number, outcome)
        return outcome
    }

    /// Sends a call again and again, under one request id, until it is known what became of it or
    /// the run is over: as our own client does.
    func settled(
        _ operation: Call.Operation, _ path: String, _ message: some Encodable, request: String,
        token: String? = nil, control: RunControl
    ) -> Call.Outcome {
        var pause = 0.05
        while true {
            let outcome = once(operation, path, message, request: request, token: token)
            switch outcome {
            case .unknown: break
            case .refused where outcome.isPutOff: break
            case .ok, .refused: return outcome
            }
            guard !control.isStopped else { return outcome }
            control.sleep(seconds: pause)
            pause = min(0.4, pause * 1.5)
        }
    }
}
