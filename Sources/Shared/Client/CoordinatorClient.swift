import FoundationEssentials

/// The protocol's calls, as a worker or a person's command makes them: with request ids, retries
/// and typed answers. Blocking, and not thread-safe: every thread makes its own.
public final class CoordinatorClient {
    public private(set) var join: Join
    private var connection: HTTPConnection
    private let environment: Environment
    private let isCancelled: () -> Bool

    /// What the client needs from outside: tests turn the clock and throw the dice by hand.
    public struct Environment {
        public var retry = RetryPolicy()
        /// Waits; may return early, once `shouldGiveUp` has become true.
        public var sleep: (_ seconds: Double) -> Void
        /// Asked before each repeat of a call and during it, with the seconds since the first try.
        public var shouldGiveUp: (_ secondsSinceFirstTry: Double) -> Bool
        public var elapsed: () -> Duration
        /// Stands at the front of request ids.
        public var now: () -> Timestamp
        /// 64 random bits.
        public var randomBits: () -> UInt64
        /// Asked after the coordinator did not accept the token: the way to it as it is now known.
        /// The call is then repeated. Nil: nothing new can be learned, and the refusal stands.
        public var rejoin: (() -> Join?)?

        public init(
            sleep: @escaping (Double) -> Void, shouldGiveUp: @escaping (Double) -> Bool,
            elapsed: @escaping () -> Duration, now: @escaping () -> Timestamp,
            randomBits: @escaping () -> UInt64
        ) {
            self.sleep = sleep
            self.shouldGiveUp = shouldGiveUp
            self.elapsed = elapsed
            self.now = now
            self.randomBits = randomBits
        }
    }

    public init(_ join: Join, environment: Environment, isCancelled: @escaping () -> Bool)
        throws(TransportError)
    {
        self.join = join
        self.environment = environment
        self.isCancelled = isCancelled
        connection = try HTTPConnection(
            base: join.address, pin: join.pin, isCancelled: isCancelled)
    }
}

/// Why a call failed for good.
public enum ClientError: Error, CustomStringConvertible {
    /// The coordinator said no.
    case refused(status: Int, ErrorMessage.Body)
    /// It could not be reached, or not understood, for as long as the caller was ready to try.
    case unreachable(String)

    public var code: ErrorCode? {
        if case .refused(_, let body) = self { body.code } else { nil }
    }

    public var description: String {
        switch self {
        case .refused(_, let body): ([body.message] + body.details).joined(separator: "\n  ")
        case .unreachable(let reason): reason
        }
    }
}

// MARK: - One call

extension CoordinatorClient {
    /// Sends until there is an answer that settles the matter. Calls that change something carry
    /// one request id through all repeats.
    func call(_ request: HTTPRequest) throws(ClientError) -> Data {
        var request = request
        if request.method != .get {
            let id = RequestID.fresh(at: environment.now(), environment.randomBits)
            request.headers.append(("Request-Id", id.rawValue))
        }
        let start = environment.elapsed()
        var attempt = 1
        while true {
            switch attemptOnce(request) {
            case .answered(let body): return body
            case .failed(let error): throw error
            case .mayPass(let error, let retryAfter):
                let delay = environment.retry.delaySeconds(
                    afterAttempt: attempt, retryAfterSeconds: retryAfter,
                    uniform: Double(environment.randomBits() >> 11) * 0x1p-53)
                let waited = (environment.elapsed() - start).seconds
                if environment.shouldGiveUp(waited + delay) { throw error }
                environment.sleep(delay)
                attempt += 1
            }
        }
    }

    private enum Outcome {
        case answered(Data)
        case failed(ClientError)
        case mayPass(ClientError, retryAfterSeconds: Double?)
    }

    private func attemptOnce(_ request: HTTPRequest) -> Outcome {
        do throws(TransportError) {
            var request = request
            if let token = join.token {
                request.headers.append(("Authorization", "Bearer \(token.text)"))
            }
            let response = try connection.send(request)
            if (200..<300).contains(response.status) { return .answered(response.body) }
            let error = Self.refusal(response)
            if response.status == 401, let rejoin = environment.rejoin {
                if let join = rejoin() { try take(join) }
                return .mayPass(error, retryAfterSeconds: nil)
            }
            return RetryPolicy.isWorthRetrying(status: response.status)
                ? .mayPass(error, retryAfterSeconds: response.retryAfterSeconds) : .failed(error)
        } catch {
            let failure = ClientError.unreachable(error.description)
            return error.isCancelled ? .failed(failure) : .mayPass(failure, retryAfterSeconds: nil)
        }
    }

    private func take(_ join: Join) throws(TransportError) {
        guard join != self.join else { return }
        connection = try HTTPConnection(
            base: join.address, pin: join.pin, isCancelled: isCancelled)
        self.join = join
    }

    private static func refusal(_ response: HTTPResponse) -> ClientError {
        if let message = try? WireCoding.decode(ErrorMessage.self, from: response.body) {
            return .refused(status: response.status, message.error)
        }
        return .unreachable(
            "the answer was HTTP \(response.status), and not from a coordinator of this protocol")
    }

    func call<Answer: Decodable>(_ request: HTTPRequest, as type: Answer.Type)
        throws(ClientError) -> Answer
    {
        let body = try call(request)
        do {
            return try WireCoding.decode(type, from: body)
        } catch {
            throw .unreachable("the coordinator's answer could not be read: \(error)")
        }
    }

    func post<Answer: Decodable>(
        _ path: String, _ message: some Encodable, headers: [(name: String, value: String)] = [],
        as type: Answer.Type
    ) throws(ClientError) -> Answer {
        try call(postRequest(path, message, headers: headers), as: type)
    }

    func postRequest(
        _ path: String, _ message: some Encodable, headers: [(name: String, value: String)] = []
    ) throws(ClientError) -> HTTPRequest {
        do {
            var request = HTTPRequest(.post, path, body: try WireCoding.encode(message))
            request.headers += headers
            return request
        } catch {
            throw .unreachable("the message could not be written: \(error)")
        }
    }
}

extension Duration {
    /// As a number, for arithmetic with rates.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
