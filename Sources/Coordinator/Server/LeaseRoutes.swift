import HTTPTypes
import Hummingbird
import Shared

/// The worker's calls.
struct LeaseRoutes {
    let store: Store
    let tokens: LeaseTokens
    let ready: ReadySignal

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/leases") { request, _ in try await lease(request) }
        router.group("/v1/leases/:lease")
            .post("metrics") { try await metrics($0, $1.parameters) }
            .post("complete") { try await complete($0, $1.parameters) }
            .post("fail") { try await fail($0, $1.parameters) }
            .post("hand_back") { try await handBack($0, $1.parameters) }
    }

    /// Answers at once where there is something to do, else waits for it as long as the worker
    /// said.
    private func lease(_ request: Request) async throws -> Response {
        let call = try await MutatingCall(request, as: LeaseRequest.self)
        try check(call.message)
        let end = store.environment.instant() + .seconds(call.message.waitSeconds)
        while true {
            guard await !ready.isClosed else {
                throw APIError(.serviceUnavailable, .unavailable, "The coordinator is stopping.")
            }
            let generation = await ready.generation
            let grants = try await store.lease(call.message, call.key)
            if !grants.isEmpty { return try jsonResponse(answer(grants)) }
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
        // It is shown on terminals.
        let isPlain = message.host.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard isPlain, message.host.utf8.count <= Limits.hostNameBytesMax else {
            throw APIError(
                .badRequest, .badRequest,
                "host must be at most \(Limits.hostNameBytesMax) bytes, without control characters."
            )
        }
    }

    private func answer(_ grants: [LeaseGrant]) throws -> LeaseResponse {
        let seconds = store.liveLeases.leaseDuration.seconds
        return LeaseResponse(
            leases: try grants.map { grant in
                Lease(
                    id: grant.lease, token: tokens.token(for: grant.lease), task: grant.task,
                    sweep: grant.sweepName, attempt: grant.attempt,
                    configuration: try JSONValue(parsing: .init(grant.configuration.utf8)),
                    dataDigest: grant.dataDigest, expiresInSeconds: seconds,
                    checkpoint: grant.checkpoint,
                    checkpointEveryEpochs: grant.checkpointEveryEpochs)
            })
    }

    private func metrics(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let metrics = try await MutatingCall(
            request, as: MetricsRequest.self, bytesMax: Limits.requestBodyBytesMax
        ).message
        try check(metrics)
        try await store.append(metrics, to: lease)
        return try jsonResponse(
            LeaseAnswer(
                state: .leased, expiresInSeconds: store.liveLeases.leaseDuration.seconds))
    }

    private func check(_ metrics: MetricsRequest) throws {
        guard metrics.rows.count <= Limits.rowsPerRequestMax, metrics.firstSequence >= 0,
            (0...Limits.epochsMax).contains(metrics.epochsCompleted),
            metrics.rows.allSatisfy({ row in
                row.values.count <= Limits.metricsPerRowMax
                    && (1...Limits.epochsMax).contains(row.epoch)
                    && row.values.keys.allSatisfy { $0.utf8.count <= Limits.nameCharactersMax }
            })
        else {
            throw APIError(
                .badRequest, .badRequest,
                "A call carries at most \(Limits.rowsPerRequestMax) rows of at most "
                    + "\(Limits.metricsPerRowMax) metrics; sequences count from 0, epochs from 1 "
                    + "to \(Limits.epochsMax).")
        }
    }

    private func complete(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let call = try await MutatingCall(request, as: CompleteRequest.self)
        try await store.complete(lease, call.message, call.key)
        return try jsonResponse(LeaseAnswer(state: .succeeded, expiresInSeconds: 0))
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

    /// Where the task is ready again, somebody may be waiting for it.
    private func ended(by state: TaskState) async throws -> Response {
        if state == .ready { await ready.notify() }
        return try jsonResponse(LeaseAnswer(state: state, expiresInSeconds: 0))
    }
}
