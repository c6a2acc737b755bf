internal import CCurl
public import FoundationEssentials

/// One request to the coordinator, without the retries.
public struct HTTPRequest: Sendable {
    public var method: Method
    /// From the slash on, percent-encoded where it must be.
    public var path: String
    /// Names and values; a value has no line breaks (they are taken out).
    public var headers: [(name: String, value: String)] = []
    public var body: Data?
    /// The whole call must end within this.
    public var timeoutSeconds = Limits.callSecondsMax
    /// The connection must be there within this.
    public var connectTimeoutMilliseconds = Limits.connectTimeoutMilliseconds
    /// A call that moves less than a byte a second for so long is broken off; nil: only at its end.
    public var stallSecondsMax: Int?
    /// A call that has lasted for longer without its answer is unusual; nil: none is.
    public var usualSecondsMax: Double? = Limits.silenceSecondsMax
    /// A longer answer is broken off.
    public var responseBytesMax: Int = Limits.responseBytesMax

    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }

    public init(_ method: Method, _ path: String, body: Data? = nil) {
        self.method = method
        self.path = path
        self.body = body
    }
}

public struct HTTPResponse: Sendable {
    public var status: Int
    public var body: Data
    /// What the server asked to wait before the next try, within limits.
    public var retryAfterSeconds: Double?
}

/// Why there was no answer. Whether the coordinator did what was asked is then not known.
public struct TransportError: Error, CustomStringConvertible, Sendable {
    public let description: String
    /// The caller asked for the call to be broken off.
    public let isCancelled: Bool
}

/// One connection to one coordinator, through libcurl: the only file that sees it.
///
/// Not thread-safe and not `Sendable`, as an easy handle is not: every thread makes its own.
/// The handle keeps its socket open between calls. What is set and why:
/// `NOSIGNAL`, because threads and SIGALRM do not go together; no redirects, because 301 would turn
/// a POST into a GET; only http and https; an empty `Expect`, because a proxy may not answer
/// 100 and a large body would wait a second for it; a connection is not reused for long, so that an
/// old verdict on a certificate or a half-dead socket does not live on.
/// libcurl sends a POST again by itself where a reused connection dies before any answer: for that
/// reason every call that changes something carries a request id.
public final class HTTPConnection {
    private let base: String
    private let pin: String?
    private let handle: UnsafeMutableRawPointer
    /// Asked about once a second while a call is under way: true breaks the call off.
    private let isCancelled: () -> Bool

    private static let isLibraryReady: Bool = ccurl_global_init() == CURLE_OK

    /// - Parameters:
    ///   - base: `http://host:port` or `https://host:port`, with or without a last slash.
    ///   - pin: the public key that the server must have, as in `Join`; whoever signed its
    ///     certificate, and for which name, then does not matter. Nil: the certificate must be
    ///     signed by an authority that this host trusts.
    public init(base: String, pin: String? = nil, isCancelled: @escaping () -> Bool = { false })
        throws(TransportError)
    {
        guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
            throw TransportError(
                description: "'\(base)' is no coordinator's address: http://HOST:PORT was wanted",
                isCancelled: false)
        }
        guard Self.isLibraryReady, let handle = curl_easy_init() else {
            throw TransportError(description: "libcurl could not be set up", isCancelled: false)
        }
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.pin = pin
        self.handle = handle
        self.isCancelled = isCancelled
    }

    deinit { curl_easy_cleanup(handle) }

    /// Sends the request and waits for the whole answer, whatever its status.
    public func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
        let exchange = Exchange(
            responseBytesMax: request.responseBytesMax, isCancelled: isCancelled)
        let headers = headerList(request)
        defer { curl_slist_free_all(headers) }
        // Keeps the connection and forgets everything else about the last call.
        curl_easy_reset(handle)
        setStandingOptions()
        try setProof()
        ccurl_set_string(handle, CURLOPT_URL, base + request.path)
        ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(request.timeoutSeconds * 1000))
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeoutMilliseconds)
        ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        if let stallSecondsMax = request.stallSecondsMax {
            ccurl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
            ccurl_set_long(handle, CURLOPT_LOW_SPEED_TIME, stallSecondsMax)
        }
        let code = perform(exchange, body: request.body)
        guard code == CURLE_OK else { throw error(code, exchange) }
        return HTTPResponse(
            status: responseCode(), body: exchange.body, retryAfterSeconds: retryAfter())
    }

    private func perform(_ exchange: Exchange, body: Data?) -> CURLcode {
        let context = Unmanaged.passUnretained(exchange).toOpaque()
        ccurl_set_write(handle) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
            return exchange.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_set_progress(handle) { context, _, _, _, _ in
            guard let context else { return 0 }
            let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
            return exchange.isCancelled() ? 1 : 0
        }
        ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        ccurl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        return withExtendedLifetime(exchange) { performSending(body) }
    }

    private func performSending(_ body: Data?) -> CURLcode {
        guard let body else { return curl_easy_perform(handle) }
        return body.withUnsafeBytes { bytes in
            // Points into `body`, which outlives the call: nothing is copied.
            ccurl_set_long(handle, CURLOPT_POST, 1)
            ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
            // An empty body has no address; libcurl then wants some text to send none of.
            guard let start = bytes.baseAddress else {
                ccurl_set_string(handle, CURLOPT_COPYPOSTFIELDS, "")
                return curl_easy_perform(handle)
            }
            ccurl_set_const_pointer(handle, CURLOPT_POSTFIELDS, start)
            return curl_easy_perform(handle)
        }
    }

    private func setStandingOptions() {
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_long(handle, CURLOPT_MAXLIFETIME_CONN, Limits.connectionLifetimeSeconds)
        ccurl_set_long(handle, CURLOPT_MAXAGE_CONN, Limits.connectionIdleSecondsMax)
        // An environment's proxy must not stand between a worker and its coordinator unasked.
        ccurl_set_string(handle, CURLOPT_NOPROXY, "*")
    }

    /// What the server has to prove. A libcurl that cannot check it must not send anything.
    private func setProof() throws(TransportError) {
        var codes = [ccurl_set_long(handle, CURLOPT_SSLVERSION, ccurl_tls_1_2())]
        if let pin {
            codes += [
                ccurl_set_string(handle, CURLOPT_PINNEDPUBLICKEY, pin),
                ccurl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0),
                ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0),
            ]
        }
        guard codes.allSatisfy({ $0 == CURLE_OK }) else {
            throw TransportError(
                description: "this host's libcurl cannot check a certificate's pin",
                isCancelled: false)
        }
    }

    private func headerList(_ request: HTTPRequest) -> UnsafeMutablePointer<curl_slist>? {
        var list = curl_slist_append(nil, "Expect:")
        if request.body != nil { list = curl_slist_append(list, "Content-Type: application/json") }
        for (name, value) in request.headers {
            let line = "\(name): \(value)".filter { !$0.isNewline }
            list = curl_slist_append(list, line)
        }
        return list
    }

    private func responseCode() -> Int {
        var code = 0
        ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &code)
        return code
    }

    /// libcurl of this age can report a negative wait.
    private func retryAfter() -> Double? {
        var seconds: curl_off_t = 0
        ccurl_get_offset(handle, CURLINFO_RETRY_AFTER, &seconds)
        return seconds > 0 ? min(Double(seconds), Limits.retryAfterSecondsMax) : nil
    }

    private func error(_ code: CURLcode, _ exchange: Exchange) -> TransportError {
        let reason =
            switch code {
            case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
                "the certificate is not the one that the join string tells of: either it was "
                    + "made anew, or somebody stands in between"
            case CURLE_PEER_FAILED_VERIFICATION:
                "the certificate is not signed by an authority that this host trusts; a join "
                    + "string with the certificate's pin helps"
            default: String(cString: curl_easy_strerror(code))
            }
        if exchange.isTooLong {
            return TransportError(
                description:
                    "\(base): the answer is longer than \(exchange.responseBytesMax) bytes",
                isCancelled: false)
        }
        return TransportError(
            description: "\(base): \(reason)", isCancelled: code == CURLE_ABORTED_BY_CALLBACK)
    }
}

/// What one call has received so far. libcurl's callbacks see it through a pointer.
private final class Exchange {
    let responseBytesMax: Int
    let isCancelled: () -> Bool
    private(set) var body = Data()
    private(set) var isTooLong = false

    init(responseBytesMax: Int, isCancelled: @escaping () -> Bool) {
        self.responseBytesMax = responseBytesMax
        self.isCancelled = isCancelled
    }

    /// How many bytes were taken; fewer than were given makes libcurl break the call off.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= responseBytesMax else {
            isTooLong = true
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }
}
