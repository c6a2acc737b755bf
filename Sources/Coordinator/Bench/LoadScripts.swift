import Foundation
import NIOCore
import Shared

/// A lease as a simulated worker keeps it.
struct HeldLease {
    var id: String
    var token: String

    /// Those that an answer to `POST /v1/leases` grants. Searched for, not decoded: the load shares
    /// the processors with what it measures.
    static func all(in body: ByteBuffer) -> [HeldLease] {
        var leases: [HeldLease] = []
        var rest = body.readableBytesView
        while let id = text(after: idKey, in: &rest), let token = text(after: tokenKey, in: &rest) {
            leases.append(HeldLease(id: id, token: token))
        }
        return leases
    }

    private static let idKey = Array(",\"id\":\"".utf8)
    private static let tokenKey = Array(",\"token\":\"".utf8)

    private static func text(after key: [UInt8], in view: inout ByteBufferView) -> String? {
        guard let start = view.firstIndex(ofSequence: key) else { return nil }
        let rest = view[(start + key.count)...]
        let text = rest.prefix { $0 != UInt8(ascii: "\"") }
        view = view[text.endIndex...]
        return String(decoding: text, as: UTF8.self)
    }
}

/// What every simulated worker has: a name, and whom it calls.
struct LoadWorker {
    let target: BenchTarget
    let name: String

    init(_ name: String, _ target: BenchTarget) {
        self.name = name
        self.target = target
    }

    func lease(slots: Int) -> LoadRequest {
        post(
            "/v1/leases", "lease",
            "{\"host\":\"bench\",\"self_test\":\(Self.selfTest),\"slots\":\(slots),"
                + "\"wait_seconds\":0,\"worker\":\"\(name)\"}")
    }

    /// What every sound worker tells: these here compute nothing.
    private static let selfTest: String = {
        let report = SelfTestReport(kernels: "none", answers: KnownAnswers.byCase)
        return String(decoding: (try? WireCoding.encode(report)) ?? Data(), as: UTF8.self)
    }()

    func tell(
        _ lease: HeldLease, _ verb: String, _ body: String, notBefore: NIODeadline? = nil
    ) -> LoadRequest {
        post("/v1/leases/\(lease.id)/\(verb)", verb, body, token: lease.token, notBefore: notBefore)
    }

    private func post(
        _ path: String, _ kind: String, _ body: String, token: String? = nil,
        notBefore: NIODeadline? = nil
    ) -> LoadRequest {
        let id = RequestID.fresh(at: Timestamp(Date())) { UInt64.random(in: .min ... .max) }
        return target.post(
            path, kind: kind, id: id.rawValue, token: token, body: body, notBefore: notBefore)
    }
}

/// Takes tasks until there are none, and reports of each what a training of a moment would.
struct TaskScript: LoadScript {
    private let worker: LoadWorker
    private let slots: Int
    /// Rows go ahead of the end of their task, in a call of their own.
    private let rowsAhead: Bool
    private let training: StubTraining
    private var held: [HeldLease] = []
    private var step = Step.lease

    private enum Step { case lease, metrics, complete }

    init(_ worker: LoadWorker, slots: Int, rowsAhead: Bool, _ training: StubTraining) {
        self.worker = worker
        self.slots = slots
        self.rowsAhead = rowsAhead
        self.training = training
    }

    mutating func next(after reply: LoadReply?) -> LoadRequest? {
        if let reply {
            guard (200..<300).contains(reply.status), reply.status != 204 else { return nil }
            advance(after: reply)
        }
        switch step {
        case .lease: return worker.lease(slots: slots)
        case .metrics: return held.last.map { worker.tell($0, "metrics", training.metrics) }
        case .complete:
            let result = rowsAhead ? training.result : training.resultWithRows
            return held.popLast().map { worker.tell($0, "complete", result) }
        }
    }

    private mutating func advance(after reply: LoadReply) {
        switch step {
        case .lease:
            held = HeldLease.all(in: reply.body)
            step = rowsAhead ? .metrics : .complete
        case .metrics: step = .complete
        case .complete: step = held.isEmpty ? .lease : rowsAhead ? .metrics : .complete
        }
    }
}

/// Leases one task and reports rows of it for as long as the load lasts.
struct MetricsScript: LoadScript {
    private var worker: LoadWorker
    private let rows: String
    private let rowCount: Int
    private var held: HeldLease?
    private var sent = 0

    init(_ worker: LoadWorker, rowsPerCall: Int) throws {
        self.worker = worker
        rowCount = rowsPerCall
        rows = String(
            decoding: try WireCoding.encode(StubTraining.rows(rowsPerCall)), as: UTF8.self)
    }

    /// The same of another worker: the rows' text is made once.
    func playing(_ name: String) -> MetricsScript {
        var script = self
        script.worker = LoadWorker(name, worker.target)
        return script
    }

    mutating func next(after reply: LoadReply?) -> LoadRequest? {
        guard let reply else { return worker.lease(slots: 1) }
        guard reply.status == 200 else { return nil }
        if held == nil { held = HeldLease.all(in: reply.body).first }
        defer { sent += rowCount }
        return held.map {
            worker.tell(
                $0, "metrics",
                "{\"epochs_completed\":1,\"first_sequence\":\(sent),\"rows\":\(rows)}")
        }
    }
}

/// Leases one task and is only just heard of, as a worker is that trains for hours.
struct HeartbeatScript: LoadScript {
    private let worker: LoadWorker
    private let period: TimeAmount
    private var due = NIODeadline.now()
    private var held: HeldLease?
    private var epochs = 0

    init(_ worker: LoadWorker, period: TimeAmount) {
        self.worker = worker
        self.period = period
    }

    mutating func next(after reply: LoadReply?) -> LoadRequest? {
        guard let reply else { return worker.lease(slots: 1) }
        guard reply.status == 200 else { return nil }
        if held == nil { held = HeldLease.all(in: reply.body).first }
        due = due + period
        epochs += 1
        let body = "{\"epochs_completed\":\(epochs),\"first_sequence\":0,\"rows\":[]}"
        return held.map { worker.tell($0, "metrics", body, notBefore: due) }
    }
}
