import HTTPTypes
import Hummingbird
import Shared

/// The worker's calls.
struct LeaseRoutes {
    let store: Store
    let tokens: LeaseTokens
    let ready: ReadySignal

    func add(to router: Router<CallContext>) {
        router.post("/v1/leases") { request, _ in try await lease(request) }
        router.group("/v1/leases/:lease")
            .post("metrics") { try await metrics($0, $1.parameters) }
            .post("complete") { try await complete($0, $1.parameters) }
            .post("fail") { try await fail($0, $1.parameters) }
            .post("hand_back") { try await handBack($0, $1.parameters) }
            .post("killed") { try await killed($0, $1.parameters) }
    }

    /// Answers at once where there is something to do, else waits for it as long as the worker
    /// said.
    private func lease(_ request: Request) async throws -> Response {
        let call = try await MutatingCall<LeaseRequest>(request)
        try check(call.message)
        try await store.admit(call.message)
        let end = store.environment.instant() + .seconds(call.message.waitSeconds)
        while true {
            guard !ready.isClosed else {
                throw APIError(.serviceUnavailable, .unavailable, "The coordinator is stopping.")
            }
            let generation = ready.generation
            let grants = try await store.lease(call.message, call.key)
            if !grants.isEmpty { return jsonResponse(try answer(grants)) }
            let left = end - store.environment.instant()
            guard left > .zero, await ready.wait(since: generation, atMost: left) else {
                return Response(status: .noContent)
            }
        }
    }

    private func check(_ message: LeaseRequest) throws {
        guard (1...Limits.slotsPerWorkerMax).contains(message.slots),
            (0...Limits.leaseWaitSecondsMax).contains(message.waitSeconds)
        else {
            throw APIError(
                .badRequest, .badRequest,
                "slots must be 1 to \(Limits.slotsPerWorkerMax) and wait_seconds 0 to "
                    + "\(Limits.leaseWaitSecondsMax).")
        }
        let selfTest = message.selfTest
        let texts =
            [message.host, message.bootID ?? "", selfTest.numericVersion, selfTest.kernels]
            + selfTest.wrongCases
        // They are shown on terminals.
        let arePlain = texts.allSatisfy { text in
            text.utf8.count <= Limits.hostNameBytesMax && text.isPlain
        }
        guard arePlain, selfTest.wrongCases.count <= Limits.selfTestCasesMax else {
            throw APIError(
                .badRequest, .badRequest,
                "host, boot_id and the texts of self_test must be at most "
                    + "\(Limits.hostNameBytesMax) bytes, "
                    + "without control characters, and wrong_cases at most "
                    + "\(Limits.selfTestCasesMax).")
        }
    }

    /// A `LeaseResponse`. Its configurations are kept as the text that it is made of.
    private func answer(_ grants: [LeaseGrant]) throws -> JSONText {
        var text = JSONText()
        try text.object { text in
            text.key("leases")
            try text.array { text in
                for grant in grants { try write(grant, to: &text) }
            }
        }
        return text
    }

    private func write(_ grant: LeaseGrant, to text: inout JSONText) throws {
        try text.object { text in
            text.key("alone")
            text.bool(grant.isAlone == true)
            text.key("attempt")
            text.integer(grant.attempt)
            if let checkpoint = grant.checkpoint {
                text.key("checkpoint")
                checkpoint.write(to: &text)
            }
            if let epochs = grant.checkpointEveryEpochs {
                text.key("checkpoint_every_epochs")
                text.integer(epochs)
            }
            text.key("configuration")
            text.raw(grant.configuration)
            text.key("data_digest")
            text.string(grant.dataDigest.hexadecimal)
            text.key("expires_in_seconds")
            try text.number(store.liveLeases.leaseDuration.seconds)
            text.key("id")
            text.string(grant.lease.rawValue)
            text.key("sweep")
            text.string(grant.sweepName)
            text.key("task")
            text.string(grant.task.rawValue)
            text.key("token")
            text.string(tokens.token(for: grant.lease).rawValue)
        }
    }

    private func metrics(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let metrics = try await MutatingCall<PackedMetrics>(request).message
        try check(metrics)
        try await store.append(metrics, to: lease)
        return try answer(.leased, expiresInSeconds: store.liveLeases.leaseDuration.seconds)
    }

    /// A `LeaseAnswer`.
    private func answer(_ state: TaskState, expiresInSeconds: Double = 0) throws -> Response {
        var text = JSONText()
        try text.object { text in
            text.key("expires_in_seconds")
            try text.number(expiresInSeconds)
            text.key("state")
            text.string(state.rawValue)
        }
        return jsonResponse(text)
    }

    private func check(_ metrics: PackedMetrics) throws {
        guard metrics.firstSequence >= 0, (0...Limits.epochsMax).contains(metrics.epochsCompleted)
        else { throw Self.metricsBeyondLimits }
        try check(metrics.rows)
    }

    private func check(_ rows: MetricBatch) throws {
        guard rows.count <= Limits.rowsPerRequestMax, try rows.allSatisfy(isWithinLimits) else {
            throw Self.metricsBeyondLimits
        }
    }

    private static let metricsBeyondLimits = APIError(
        .badRequest, .badRequest,
        "A call carries at most \(Limits.rowsPerRequestMax) rows of at most "
            + "\(Limits.metricsPerRowMax) metrics and \(Limits.rowBytesMax) bytes, with names of "
            + "1 to "
            + "\(Limits.nameBytesMax) bytes without control characters; sequences "
            + "count from 0, epochs from 1 to \(Limits.epochsMax).")

    private func isWithinLimits(_ row: MetricBatch.RowReader) -> Bool {
        guard (1...Limits.epochsMax).contains(row.epoch), row.byteCount <= Limits.rowBytesMax
        else { return false }
        var (count, namesAreRight) = (0, true)
        row.forEachMetric { name, _ in
            count += 1
            namesAreRight =
                namesAreRight && (1...Limits.nameBytesMax).contains(name.count)
                && Self.isPlain(name)
        }
        return count <= Limits.metricsPerRowMax && namesAreRight
    }

    private static func isPlain(_ name: some Collection<UInt8>) -> Bool {
        name.allSatisfy { (0x20..<0x7F).contains($0) }
            || String(decoding: name, as: UTF8.self).isPlain
    }

    private func complete(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let call = try await MutatingCall<PackedCompletion>(request)
        try check(call.message.rows)
        return try answer(try await store.complete(lease, call.message))
    }

    private func fail(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let call = try await MutatingCall(request, as: FailRequest.self)
        return try await ended(by: store.fail(lease, call.message, call.key))
    }

    private func handBack(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let call = try await MutatingCall(request, as: HandBackRequest.self)
        return try await ended(by: store.handBack(lease, call.message, call.key))
    }

    private func killed(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let call = try await MutatingCall(request, as: KilledRequest.self)
        return try await ended(by: store.endKilled(lease, call.message, call.key))
    }

    /// Where the task is ready again, somebody may be waiting for it.
    private func ended(by state: TaskState) async throws -> Response {
        if state == .ready { ready.notify() }
        return try answer(state)
    }
}
