import HTTPTypes
import Hummingbird
import Shared

/// Tokens: accepted, listed, revoked. None is ever seen here but by its digest.
struct TokenRoutes {
    let tokens: TokenBook
    let now: @Sendable () -> Timestamp

    func add(to router: Router<CallContext>) {
        router.get("/v1/tokens") { _, _ in
            try jsonResponse(TokenList(tokens: tokens.statuses(at: now())))
        }
        router.post("/v1/tokens") { request, _ in
            var message = try await MutatingCall(request, as: TokenRequest.self).message
            message.label = message.label.inNormalFormC
            try check(message)
            return try await jsonResponse(
                told { [tokens, now, message] in try tokens.add(message, at: now()) })
        }
        router.post("/v1/tokens/:token/revoke") { request, context in
            _ = try await MutatingCall<JSONValue>(request)
            let id = context.parameters.get("token") ?? ""
            return try await jsonResponse(
                told { [tokens, now] in try tokens.revoke(id, at: now()) })
        }
    }

    private func check(_ message: TokenRequest) throws {
        if let seconds = message.validForSeconds, !(1...Limits.tokenSecondsMax).contains(seconds) {
            throw APIError(
                .badRequest, .badRequest,
                "valid_for_seconds must be 1 to \(Limits.tokenSecondsMax).")
        }
        // It is shown on terminals.
        guard message.label.isPlain, message.label.utf8.count <= Limits.nameBytesMax else {
            throw APIError(
                .badRequest, .badRequest,
                "label must be at most \(Limits.nameBytesMax) bytes, without control "
                    + "characters.")
        }
    }

    /// A change waits for the disk.
    private func told(_ change: @escaping @Sendable () throws -> TokenStatus) async throws
        -> TokenStatus
    {
        do {
            return try await LongWork.run(on: LongWork.tokens) { _ in try change() }
        } catch let error as TokenBookError {
            let (status, code): (HTTPResponse.Status, ErrorCode) =
                switch error {
                case .noSuchToken: (.notFound, .notFound)
                case .taken, .revoked: (.unprocessableContent, .badRequest)
                case .full, .lastAdmin: (.conflict, .forbidden)
                }
            throw APIError(status, code, error.description)
        }
    }
}
