public import FoundationEssentials

/// How a training travels from a worker to the next: by way of the coordinator.
extension CoordinatorClient {
    /// Hands the coordinator what the task can go on from.
    /// - Parameter file: may be mapped into memory: it is sent from where it lies.
    public func keep(_ file: Data, as reference: CheckpointReference, of lease: Lease)
        throws(ClientError) -> LeaseAnswer
    {
        var request = checkpointRequest(.put, lease)
        request.body = file
        request.headers += [
            ("Checkpoint-Digest", reference.digest.hexadecimal),
            ("Checkpoint-Epochs", "\(reference.epochsCompleted)"),
        ]
        return try call(request, as: LeaseAnswer.self)
    }

    /// The bytes of the lease's checkpoint. Their digest is the caller's to check.
    public func checkpoint(_ reference: CheckpointReference, of lease: Lease) throws(ClientError)
        -> Data
    {
        var request = checkpointRequest(.get, lease)
        request.responseBytesMax = min(reference.bytes, Limits.checkpointBytesMax)
        return try call(request)
    }

    private func checkpointRequest(_ method: HTTPRequest.Method, _ lease: Lease) -> HTTPRequest {
        var request = HTTPRequest(method, "/v1/leases/\(lease.id)/checkpoint")
        request.headers = [("Lease-Token", lease.token.rawValue)]
        request.timeoutSeconds = Limits.checkpointTransferSecondsMax
        request.stallSecondsMax = Limits.checkpointStallSecondsMax
        request.usualSecondsMax = nil
        return request
    }
}
