/// One call to the coordinator as its client saw it: what was asked, when, and what came of it.
public struct Call: Sendable, Equatable {
    public enum Operation: String, Codable, Sendable {
        case submit, lease, metrics, complete, fail, killed, cancel, retry
        case handBack = "hand_back"
    }

    public enum Outcome: Sendable, Equatable {
        /// 2xx: it was done.
        case ok(status: Int, body: String)
        /// A definite no: nothing was changed.
        case refused(status: Int, body: String)
        /// No answer, or one that says nothing: it may have been done or not.
        case unknown(String)
    }

    public var number: Int
    /// Who called: a worker's name, `person`, or `proxy` for copies that the proxy made.
    public var process: String
    public var operation: Operation
    public var path: String
    public var requestID: String
    public var token: String?
    public var body: String
    /// Microseconds since the history began, on a clock that nothing turns.
    public var start: Int64
    /// `Int64.max` where the caller never heard.
    public var end: Int64
    public var outcome: Outcome

    public init(
        number: Int, process: String, operation: Operation, path: String, requestID: String,
        token: String? = nil, body: String, start: Int64, end: Int64, outcome: Outcome
    ) {
        self.number = number
        self.process = process
        self.operation = operation
        self.path = path
        self.requestID = requestID
        self.token = token
        self.body = body
        self.start = start
        self.end = end
        self.outcome = outcome
    }

    /// The lease that the path names.
    public var lease: String? {
        let parts = path.split(separator: "/")
        return parts.count == 4 && parts[1] == "leases" ? String(parts[2]) : nil
    }

    public var isOK: Bool { if case .ok = outcome { true } else { false } }
    public var isRefused: Bool { if case .refused = outcome { true } else { false } }
    /// Whether it was refused for a reason that passes, so that the same call may succeed later.
    public var isPutOff: Bool { outcome.isPutOff }
    public var answer: String? {
        switch outcome {
        case .ok(_, let body), .refused(_, let body): body
        case .unknown: nil
        }
    }
    public var status: Int? {
        switch outcome {
        case .ok(let status, _), .refused(let status, _): status
        case .unknown: nil
        }
    }
}

extension Call.Operation {
    /// What a path asks for; nil for what changes nothing.
    public init?(method: String, path: String) {
        guard method == "POST" else { return nil }
        if path == "/v1/sweeps" {
            self = .submit
        } else if path == "/v1/leases" {
            self = .lease
        } else if let verb = path.split(separator: "/").last.map(String.init) {
            self.init(rawValue: verb)
        } else {
            return nil
        }
    }
}

extension Call.Outcome {
    /// An answer's meaning. 503 promises that nothing was changed; of another 5xx nobody knows.
    public init(status: Int, body: String) {
        switch status {
        case 200..<300: self = .ok(status: status, body: body)
        case 400..<500, 503: self = .refused(status: status, body: body)
        default: self = .unknown("HTTP \(status) \(body)")
        }
    }
}

extension Call.Outcome {
    /// A slow client, too many calls, a coordinator that cannot write.
    public var isPutOff: Bool {
        if case .refused(let status, _) = self { [408, 429, 503].contains(status) } else { false }
    }
}

/// Something that happened beside the calls.
public struct Mark: Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// A fault was done to the system.
        case fault
        /// A coordinator is about to be started.
        case started
        /// A coordinator has been killed.
        case killed
        /// From here on no fault is done.
        case healed
        /// Nothing is left to do.
        case drained
        /// What the coordinator uses.
        case usage
    }

    public var kind: Kind
    public var time: Int64
    /// For people; of `usage`: `rss_kib=... files=... wal_kib=...`.
    public var text: String

    public init(_ kind: Kind, time: Int64, text: String = "") {
        self.kind = kind
        self.time = time
        self.text = text
    }
}
