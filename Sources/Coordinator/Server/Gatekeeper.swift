import HTTPTypes
import Hummingbird
import Shared

/// Stands before every route: who calls, may he, not too often, and in a form that is understood.
struct Gatekeeper: RouterMiddleware {
    typealias Context = CallContext

    let hosts: AllowedHosts
    let tokens: TokenBook
    let rates: RequestRates
    let space: DiskSpace
    let budgets: CallBudgets
    let now: @Sendable () -> Timestamp
    let instant: @Sendable () -> ContinuousClock.Instant

    func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try checkForm(request)
        let rule = AccessRule.rule(for: request.method, context.endpointPath)
        var context = context
        if rule != .anybody { context.caller = try caller(of: request, rule) }
        // A sweep's tasks take more of the disk than what is sent of them.
        if request.method == .post, context.endpointPath == "/v1/sweeps", !space.isRoomy {
            throw APIError.diskIsNearlyFull
        }
        guard request.method == .put else {
            let memory = try budgets.memory(for: request, of: context.caller)
            defer { withExtendedLifetime(memory) {} }
            return try await next(request, context)
        }
        let bytes = try bytesOfUpload(request, most: Self.uploadBytesMax(context.endpointPath))
        defer { space.release(bytes) }
        return try await next(request, context)
    }

    private func checkForm(_ request: Request) throws {
        guard let host = request.head.authority, !host.isEmpty else {
            throw APIError(.badRequest, .badRequest, "The header Host is missing.")
        }
        // The first is the authority; the fields have those after it.
        guard HTTPField.Name.host.map({ request.headers[values: $0].isEmpty }) ?? true else {
            throw APIError(.badRequest, .badRequest, "There is more than one header Host.")
        }
        guard hosts.allows(host) else {
            throw APIError(
                .misdirectedRequest, .badRequest,
                "This coordinator is not known by that name: `serve --host-name` gives it one.")
        }
        guard HTTPField.Name(TargetGuard.mark).map({ request.headers[$0] == nil }) ?? true else {
            throw APIError(
                .misdirectedRequest, .badRequest,
                "The request's target must be a path, or name the host of the header Host.")
        }
        let codings = request.headers[values: .transferEncoding]
        guard codings.isEmpty || codings.map({ $0.lowercased() }) == ["chunked"] else {
            throw APIError(
                .badRequest, .badRequest,
                "Transfer-Encoding: found \(quoted(codings.joined(separator: ", "))), wanted "
                    + "chunked alone.")
        }
        let expectations = request.headers[values: .expect]
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw APIError(
                .expectationFailed, .badRequest, "Expect: only 100-continue is understood.")
        }
        guard request.uri.string.utf8.count <= Limits.uriBytesMax else {
            throw APIError(
                .uriTooLong, .tooLarge,
                "The address is longer than \(Limits.uriBytesMax) bytes.")
        }
        let encodings = request.headers[values: .contentEncoding]
        guard encodings.allSatisfy({ $0.lowercased() == "identity" }) else {
            throw APIError(
                .unsupportedMediaType, .badRequest,
                "Bodies must be sent as they are, without Content-Encoding.")
        }
    }

    private func caller(of request: Request, _ rule: AccessRule) throws -> Caller {
        // Several of them: whoever stands in between might read another one than we do.
        let values = request.headers[values: .authorization]
        guard let value = values.first else {
            throw APIError(
                .unauthorized, .unauthorized,
                "A token is needed: `gdln-coordinator join-string`, on the coordinator's host, "
                    + "says how to get in.")
        }
        let parts = value.utf8.split(separator: UInt8(ascii: " ")).map(Substring.init)
        guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer",
            let entry = tokens.entry(ofToken: parts[1])
        else {
            throw APIError(.unauthorized, .unauthorized, "The token is not valid, or was revoked.")
        }
        if let end = entry.expiresAt, entry.isExpired(at: now()) {
            throw APIError(.unauthorized, .unauthorized, "The token expired at \(end.iso8601).")
        }
        let role = entry.request.role
        guard rule.allows(role) else {
            throw APIError(
                .forbidden, .forbidden, "A token of the role '\(role.rawValue)' may not do this.")
        }
        let wait = rates.secondsToWait(
            entry.request.digest, .of(role), ofAll: .ofAll(role), now: instant())
        if let wait {
            throw APIError(
                .tooManyRequests, .tooManyRequests,
                "This token, or all tokens of its role together, call too often.",
                retryAfterSeconds: Int(wait.rounded(.up)))
        }
        return Caller(entry)
    }

    private static func uploadBytesMax(_ route: String?) -> Int {
        route?.hasSuffix("/checkpoint") == true
            ? Limits.checkpointBytesMax : Limits.datasetBytesMax
    }

    /// Reserved on the disk. Its size must be known before: else it could fill the disk unforeseen.
    private func bytesOfUpload(_ request: Request, most: Int) throws -> Int {
        guard let text = request.headers[.contentLength], let bytes = Int(text), bytes >= 0 else {
            throw APIError(.lengthRequired, .badRequest, "The header Content-Length is missing.")
        }
        guard bytes <= most else {
            throw APIError(
                .contentTooLarge, .tooLarge,
                "This upload may have at most \(most) bytes.")
        }
        guard space.reserve(bytes) else {
            throw APIError.diskIsNearlyFull
        }
        return bytes
    }
}
