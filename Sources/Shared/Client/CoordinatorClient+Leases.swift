public import FoundationEssentials

/// The worker's calls.
extension CoordinatorClient {
    /// Asks for tasks; empty where there was none within `request.waitSeconds`.
    public func lease(_ request: LeaseRequest) throws(ClientError) -> [Lease] {
        var call = try postRequest("/v1/leases", request)
        call.timeoutSeconds += Double(request.waitSeconds)
        call.usualSecondsMax = Limits.silenceSecondsMax + Double(request.waitSeconds)
        let body = try self.call(call)
        // 204: nothing to do.
        guard !body.isEmpty else { return [] }
        do {
            return try WireCoding.decode(LeaseResponse.self, from: body).leases
        } catch {
            throw .unreachable("the coordinator's answer could not be read: \(error)")
        }
    }

    public func report(_ metrics: MetricsRequest, for lease: Lease) throws(ClientError)
        -> LeaseAnswer
    {
        try post("metrics", metrics, for: lease)
    }

    public func complete(_ result: CompleteRequest, for lease: Lease) throws(ClientError)
        -> LeaseAnswer
    {
        try post("complete", result, for: lease)
    }

    public func fail(_ failure: FailRequest, for lease: Lease) throws(ClientError) -> LeaseAnswer {
        try post("fail", failure, for: lease)
    }

    public func handBack(_ lease: Lease, reason: String) throws(ClientError) -> LeaseAnswer {
        try post("hand_back", HandBackRequest(reason: reason), for: lease)
    }

    /// - Parameter beside: how many other attempts were under way in the process that was killed.
    public func killed(_ lease: Lease, reason: String, beside: Int) throws(ClientError)
        -> LeaseAnswer
    {
        try post("killed", KilledRequest(reason: reason, beside: beside), for: lease)
    }

    private func post(_ verb: String, _ message: some Encodable, for lease: Lease)
        throws(ClientError) -> LeaseAnswer
    {
        var request = try postRequest(
            "/v1/leases/\(lease.id)/\(verb)", message,
            headers: [("Lease-Token", lease.token.rawValue)])
        request.timeoutSeconds = Self.timeoutSeconds(for: lease, bytes: request.body?.count ?? 0)
        return try call(request, as: LeaseAnswer.self)
    }

    /// A connection that has died unseen costs a lease one heartbeat, not the lease. A long body
    /// has its time, too.
    static func timeoutSeconds(for lease: Lease, bytes: Int) -> Double {
        let heartbeat = lease.expiresInSeconds / Limits.heartbeatsPerLease
        return min(
            Limits.callSecondsMax,
            max(Limits.leaseCallSecondsMin, heartbeat)
                + Double(bytes) / Limits.slowestBytesPerSecond)
    }

    /// The bytes of a data set. Their digest is the caller's to check.
    public func dataset(_ digest: Digest) throws(ClientError) -> Data {
        var request = HTTPRequest(.get, "/v1/datasets/\(digest)")
        request.responseBytesMax = Limits.datasetBytesMax
        request.timeoutSeconds = Limits.datasetTransferSecondsMax
        request.stallSecondsMax = Limits.checkpointStallSecondsMax
        request.usualSecondsMax = nil
        return try call(request)
    }
}
