import Hummingbird
import Shared

/// What the calls of all clients together may hold at one time.
struct CallBudgets: Sendable {
    /// Bytes of bodies that are being received, or are in memory until their call is answered.
    let bodyBytes = Budget(
        total: Limits.bodyBytesInMemoryMax, share: Limits.bodyBytesInMemoryPerTokenMax)
    /// Sweeps that are being read, planned and stored.
    let submissions = Budget(
        total: Limits.submissionsAtOnceMax, share: Limits.submissionsAtOncePerTokenMax)
    /// Data sets that are being received, each in a temporary file.
    let uploads = Budget(total: Limits.uploadsAtOnceMax, share: Limits.uploadsAtOncePerTokenMax)

    /// Holds the memory that the body of a call may take.
    /// - Returns: nil for a call without a body.
    func memory(for request: Request, of caller: Caller?) throws -> Budget.Holding? {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        let isChunked = request.headers[.transferEncoding] != nil
        let most = Limits.requestBodyBytesMax
        // A longer one is refused where it is read.
        let bytes = isChunked ? most : min(max(0, length ?? 0), most)
        guard bytes > 0 else { return nil }
        // Many workers share one token.
        let share = caller?.role == .worker ? Limits.bodyBytesInMemoryOfWorkersMax : nil
        do {
            return try bodyBytes.take(bytes, share: share, for: caller)
        } catch {
            throw APIError(
                error, of: "bytes of requests are in memory", limit: share ?? bodyBytes.share)
        }
    }
}

extension APIError {
    /// - Parameters:
    ///   - what: the middle of a sentence, such as `reports are being written or read`.
    ///   - limit: of the token.
    init(_ exhausted: Budget.Exhausted, of what: String, limit: Int) {
        let amount = exhausted.holders.reduce(0) { $0 + $1.amount }
        if exhausted.isShare {
            self.init(
                .tooManyRequests, .tooManyRequests,
                "\(amount) \(what): \(exhausted.holdersText), which may have \(limit) at once.")
        } else {
            self.init(
                .serviceUnavailable, .unavailable,
                "\(amount) \(what): \(exhausted.holdersText). Try again in some seconds.")
        }
    }
}
