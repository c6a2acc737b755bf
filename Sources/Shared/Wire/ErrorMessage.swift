/// How the coordinator says no: `{"error": {"code": ..., "message": ..., "details": ...}}`.
public struct ErrorMessage: Codable, Hashable, Sendable {
    public var error: Body

    public struct Body: Codable, Hashable, Sendable {
        /// For programs: stable, part of the protocol.
        public var code: ErrorCode
        /// For people: what was found, what was wanted.
        public var message: String
        /// One sentence each, where there are several things to mend.
        public var details: [String]

        public init(code: ErrorCode, message: String, details: [String] = []) {
            self.code = code
            self.message = message
            self.details = details
        }
    }

    public init(_ code: ErrorCode, _ message: String, details: [String] = []) {
        error = Body(code: code, message: message, details: details)
    }
}

/// The codes that a client may act on.
public enum ErrorCode: String, Codable, CaseIterable, Sendable {
    case badRequest = "bad_request"
    case invalidSweep = "invalid_sweep"
    case unknownDataset = "unknown_dataset"
    case invalidDataset = "invalid_dataset"
    case datasetInUse = "dataset_in_use"
    case datasetExists = "dataset_exists"
    case unauthorized
    case forbidden
    case notFound = "not_found"
    case leaseLost = "lease_lost"
    case selfTestFailed = "self_test_failed"
    case setAside = "set_aside"
    case metricsGap = "metrics_gap"
    case metricsConflict = "metrics_conflict"
    case trajectoryMismatch = "trajectory_mismatch"
    case damagedResults = "damaged_results"
    case digestMismatch = "digest_mismatch"
    case requestIDReused = "request_id_reused"
    case tooLarge = "too_large"
    case tooManyRequests = "too_many_requests"
    case unavailable = "unavailable"
    case internalError = "internal_error"
}
