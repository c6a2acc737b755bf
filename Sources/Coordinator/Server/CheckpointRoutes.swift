import Foundation
import HTTPTypes
import Hummingbird
import Shared

extension HTTPField.Name {
    // Both are plain tokens, so the names exist.
    static let checkpointDigest = HTTPField.Name("Checkpoint-Digest")
    static let checkpointEpochs = HTTPField.Name("Checkpoint-Epochs")
}

/// How a training travels from the worker that had it to the one that goes on with it.
struct CheckpointRoutes {
    let store: Store
    let tokens: LeaseTokens
    let files: CheckpointFiles

    func add(to router: Router<CallContext>) {
        router.group("/v1/leases/:lease/checkpoint")
            .put { try await keep($0, $1.parameters) }
            .get { try await file($0, $1.parameters) }
    }

    /// Takes the bytes as they come, through a file: first they are whole and on disk, then the
    /// store learns of them.
    private func keep(_ request: Request, _ parameters: Parameters) async throws -> Response {
        _ = try request.requestID()
        let lease = try request.lease(parameters, tokens)
        let (digest, epochs) = try claims(request)
        try await store.checkHolder(of: lease)
        let name = LeaseID.random(store.environment.randomBits).rawValue
        let upload = try files.begin(name)
        try await request.readBody { buffer in
            try upload.append(Data(buffer.readableBytesView))
            guard upload.byteCount <= Limits.checkpointBytesMax else {
                throw APIError(
                    .contentTooLarge, .tooLarge,
                    "A checkpoint has at most \(Limits.checkpointBytesMax) bytes.")
            }
        }
        guard upload.digest == digest else {
            throw APIError(
                .unprocessableContent, .digestMismatch,
                "The checkpoint arrived as \(upload.digest), and \(digest) was announced.")
        }
        let reference = CheckpointReference(
            epochsCompleted: epochs, digest: digest, bytes: upload.byteCount)
        try await files.finish(upload, as: name)
        defer { files.settle(name) }
        files.remove(
            try await store.keep(StoredCheckpoint(reference: reference, file: name), of: lease))
        return try jsonResponse(
            LeaseAnswer(
                state: .leased, expiresInSeconds: store.liveLeases.leaseDuration.seconds))
    }

    private func claims(_ request: Request) throws -> (Digest, epochs: Int) {
        guard let digestName = HTTPField.Name.checkpointDigest,
            let epochsName = HTTPField.Name.checkpointEpochs,
            let digest = request.headers[digestName].flatMap({ Digest(hexadecimal: $0) }),
            let epochs = request.headers[epochsName].flatMap({ Int($0) }),
            (0...Limits.epochsMax).contains(epochs)
        else {
            throw APIError(
                .badRequest, .badRequest,
                "A checkpoint needs the headers Checkpoint-Digest, a SHA-256, and "
                    + "Checkpoint-Epochs, 0 to \(Limits.epochsMax).")
        }
        return (digest, epochs)
    }

    private func file(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let lease = try request.lease(parameters, tokens)
        let checkpoint = try await store.checkpoint(of: lease)
        // A file that is gone or cut short will not come back: the worker must not wait for it.
        guard let checkpoint, let file = try? ReadOnlyFile(files.path(checkpoint.file)),
            file.count == checkpoint.reference.bytes
        else { throw APIError(.notFound, .notFound, "There is no whole checkpoint.") }
        return fileResponse("application/octet-stream", file.body())
    }
}
