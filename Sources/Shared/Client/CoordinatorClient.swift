import FoundationEssentials

/// The protocol's calls, as a worker or a person's command makes them: with request ids, retries
/// and typed answers. Blocking, and not thread-safe: every thread makes its own.
public final class CoordinatorClient {
    public private(set) var join: Join
    private var connection: HTTPConnection
    private let environment: Environment
    private let isCancelled: () -> Bool
    private let currentTry = CurrentTry()

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
        /// Asked after the coordinator could not be reached or did not accept the token: the way
        /// to it as it is now known. The call is then repeated. Nil: nothing new can be learned,
        /// and a refused token stands.
        public var rejoin: (() -> Join?)?
        /// Told of each try.
        public var observe: ((Observation) -> Void)?

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
            base: join.address, pin: join.pin,
            isCancelled: Self.watched(join.address, currentTry, environment, isCancelled))
    }

    /// What became of one try of a call.
    public enum Observation: Sendable {
        /// By the coordinator, whether it granted or refused what was asked.
        case answered(address: String)
        /// The coordinator cannot answer now: too many calls, a full disk.
        case busy(address: String, ClientError)
        /// It could not be reached, could not prove to be the right one, or did not accept the
        /// token.
        case failed(address: String, ClientError)
        /// The try has lasted for longer than usual. It goes on.
        case silent(address: String, seconds: Double)
    }
}

/// The try that is under way, as the connection's thread asks about it while it waits.
private final class CurrentTry {
    var start: Duration?
    var usualSecondsMax: Double?
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
            case .moved(let error):
                let waited = (environment.elapsed() - start).seconds
                if environment.shouldGiveUp(waited) { throw error }
                attempt = 1
            }
        }
    }

    private enum Outcome {
        case answered(Data)
        case failed(ClientError)
        case mayPass(ClientError, retryAfterSeconds: Double?)
        /// There is another way to the coordinator now, which has not been tried.
        case moved(ClientError)
    }

    private func attemptOnce(_ request: HTTPRequest) -> Outcome {
        do throws(TransportError) {
            var request = request
            if let token = join.token {
                request.headers.append(("Authorization", "Bearer \(token.text)"))
            }
            (currentTry.start, currentTry.usualSecondsMax) = (
                environment.elapsed(), request.usualSecondsMax
            )
            let response = try connection.send(request)
            if (200..<300).contains(response.status) {
                environment.observe?(.answered(address: join.address))
                return .answered(response.body)
            }
            return outcome(of: response)
        } catch {
            let failure = ClientError.unreachable(error.description)
            if error.isCancelled { return .failed(failure) }
            environment.observe?(.failed(address: join.address, failure))
            return takesOtherWay() ? .moved(failure) : .mayPass(failure, retryAfterSeconds: nil)
        }
    }

    private func outcome(of response: HTTPResponse) -> Outcome {
        let error = Self.refusal(response)
        let mayPass = RetryPolicy.isWorthRetrying(status: response.status)
        let isStranger = if case .unreachable = error { true } else { false }
        if response.status == 401 || isStranger {
            environment.observe?(.failed(address: join.address, error))
            if takesOtherWay() { return .moved(error) }
        } else {
            environment.observe?(
                mayPass
                    ? .busy(address: join.address, error) : .answered(address: join.address))
        }
        return mayPass || response.status == 401 && environment.rejoin != nil
            ? .mayPass(error, retryAfterSeconds: response.retryAfterSeconds) : .failed(error)
    }

    /// Whether another way to the coordinator has become known, which the next try takes. One
    /// without a token is none: a coordinator on this host takes its file away when it ends.
    private func takesOtherWay() -> Bool {
        guard let join = environment.rejoin?(), join != self.join,
            join.token != nil || self.join.token == nil,
            let connection = try? HTTPConnection(
                base: join.address, pin: join.pin,
                isCancelled: Self.watched(join.address, currentTry, environment, isCancelled))
        else { return false }
        self.connection = connection
        self.join = join
        return true
    }

    /// Tells of a try that lasts for longer than usual, whenever the connection asks whether the
    /// call is cancelled.
    private static func watched(
        _ address: String, _ current: CurrentTry, _ environment: Environment,
        _ isCancelled: @escaping () -> Bool
    ) -> () -> Bool {
        guard let observe = environment.observe else { return isCancelled }
        return {
            if let start = current.start, let usual = current.usualSecondsMax {
                let seconds = (environment.elapsed() - start).seconds
                if seconds > usual { observe(.silent(address: address, seconds: seconds)) }
            }
            return isCancelled()
        }
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
