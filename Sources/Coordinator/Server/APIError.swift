import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Shared

/// An answer that says no.
struct APIError: Error {
    let status: HTTPResponse.Status
    let message: ErrorMessage
    private let retryAfterSeconds: Int

    init(
        _ status: HTTPResponse.Status, _ code: ErrorCode, _ message: String,
        details: [String] = [], retryAfterSeconds: Int = 1
    ) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.message = ErrorMessage(code, message, details: details)
    }

    /// The client hung up, or what it sent is no HTTP.
    static var brokenBody: APIError {
        APIError(.badRequest, .badRequest, "The body did not arrive whole.")
    }

    static var diskIsNearlyFull: APIError {
        APIError(
            .serviceUnavailable, .unavailable,
            "The coordinator's disk is nearly full: it takes results, but no sweeps and no "
                + "uploads, and writes no large reports.",
            retryAfterSeconds: Limits.fullDiskRetrySeconds)
    }

    func response() throws -> Response {
        var response = try jsonResponse(message, status: status)
        if status == .serviceUnavailable || status == .tooManyRequests {
            response.headers[.retryAfter] = "\(retryAfterSeconds)"
        }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension APIError {
    /// Any error as an answer. What nobody foresaw is told in general terms only: its details are
    /// for the log.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as StoreError: self.init(error)
        // Nobody waits for the answer.
        case is CancellationError:
            self.init(.serviceUnavailable, .unavailable, "The caller closed the connection.")
        case let error where error.isStorageFailure:
            self.init(
                .serviceUnavailable, .unavailable,
                "The coordinator cannot reach or write its disk now; nothing was changed.")
        case let error as SweepMistakes:
            let count = error.all.count
            self.init(
                .unprocessableContent, .invalidSweep,
                "The sweep has \(count == 1 ? "a mistake" : "\(count) mistakes"):",
                details: error.all.map(\.description))
        case let error as JSONSyntaxError:
            self.init(
                .badRequest, .badRequest, "The message was not understood: \(error.description).")
        case let error as DecodingError:
            self.init(
                .badRequest, .badRequest,
                "The message was not understood: \(WireCoding.sentence(for: error)).")
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(.notFound, .notFound, "There is nothing at this address.")
        case let error as any HTTPResponseError:
            self.init(error.status, .badRequest, "The request was not understood.")
        default:
            self.init(
                .internalServerError, .internalError,
                "The coordinator could not do this; its log says why.")
        }
    }

    private init(_ error: StoreError) {
        let (status, code): (HTTPResponse.Status, ErrorCode) =
            switch error {
            case .noSuchSweep, .noSuchLease, .noSuchDataset, .noSuchDatasetName, .notSetAside:
                (.notFound, .notFound)
            case .datasetInUse: (.conflict, .datasetInUse)
            case .quotaExceeded: (.contentTooLarge, .tooLarge)
            case .dataRemoved: (.unprocessableContent, .unknownDataset)
            case .datasetNameTaken: (.conflict, .datasetExists)
            case .nameIsID: (.unprocessableContent, .invalidSweep)
            case .leaseLost: (.conflict, .leaseLost)
            case .selfTestFailed: (.forbidden, .selfTestFailed)
            case .setAside: (.forbidden, .setAside)
            case .metricsGap, .rowsMissing: (.conflict, .metricsGap)
            case .metricsConflict: (.conflict, .metricsConflict)
            case .epochsMissing, .evaluationMissing, .noSuchEpoch, .tooManyRows:
                (.unprocessableContent, .badRequest)
            case .tooManyTasks: (.unprocessableContent, .tooLarge)
            case .trajectoryMismatch: (.unprocessableContent, .trajectoryMismatch)
            case .requestIDReused: (.unprocessableContent, .requestIDReused)
            // Not 5xx, which clients send again: damage does not pass.
            case .damagedResults: (.unprocessableContent, .damagedResults)
            case .notDurable, .otherBuild, .logNotFolded: (.internalServerError, .internalError)
            }
        self.init(status, code, error.description, details: error.details)
    }
}

/// Turns whatever a route throws into an answer of the protocol, and logs what nobody foresaw.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = CallContext
    let refusals: RefusalLog
    let instant: @Sendable () -> ContinuousClock.Instant

    func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let answer = APIError(error)
            let isLogged = answer.status.kind == .serverError && !(error is CancellationError)
            if isLogged, refusals.admits(answer.message.error.code.rawValue, now: instant()) {
                context.logger.error(
                    "request failed",
                    metadata: [
                        "method": "\(request.method)",
                        "path": "\(request.uri.path.truncated(toBytes: Limits.hostNameBytesMax))",
                        "error": "\(error)",
                    ])
            }
            return try answer.response()
        }
    }
}

/// A file to be kept, never to be shown or run by a browser, whatever stands in it.
func fileResponse(_ type: String, _ body: ResponseBody) -> Response {
    Response(
        status: .ok,
        headers: [
            .contentType: type, .contentDisposition: "attachment",
            .xContentTypeOptions: "nosniff",
        ], body: body)
}

func jsonResponse(_ text: JSONText) -> Response {
    Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: text.bytes)))
}

func jsonResponse(_ message: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    Response(
        status: status, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: try WireCoding.encode(message))))
}
