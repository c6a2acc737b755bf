import Foundation
import HTTPTypes
import Hummingbird
import Shared

/// Data sets: in by name, out by digest.
struct DatasetRoutes {
    let store: Store
    let files: DatasetFiles
    let directory: DataDirectory
    let space: DiskSpace
    let uploads: Budget

    func add(to router: Router<CallContext>) {
        router.get("/v1/datasets") { _, _ in
            try await jsonResponse(DatasetList(datasets: store.datasets()))
        }
        router.put("/v1/datasets/:dataset") { request, context in
            try await add(
                request, as: context.parameters.get("dataset") ?? "", for: context.caller)
        }
        router.post("/v1/datasets/:dataset/remove") { request, context in
            let call = try await MutatingCall<JSONValue>(request)
            let name = context.parameters.get("dataset") ?? ""
            return try await jsonResponse(store.removeDataset(name, call.key))
        }
        router.get("/v1/datasets/:dataset") { _, context in
            try file(context.parameters.get("dataset") ?? "")
        }
    }

    private func add(
        _ request: Request, as name: String, for caller: Caller?
    ) async throws -> Response {
        guard SweepID(rawValue: name) != nil else {
            throw APIError(
                .badRequest, .badRequest,
                "A data set's name must be 1 to \(Limits.nameBytesMax) letters, digits, '-', "
                    + "'_' or '.'.")
        }
        let id = try request.requestID()
        let owner = caller?.id ?? ""
        let quota = space.datasetQuota(of: caller?.role)
        try await checkQuota(quota, of: owner, for: request)
        let place: Budget.Holding
        do {
            place = try uploads.take(for: caller)
        } catch {
            throw APIError(error, of: "data sets are being received", limit: uploads.share)
        }
        defer { withExtendedLifetime(place) {} }
        // Goes through a file: an upload must not fill the memory.
        let upload = try TemporaryFile(in: directory.temporaryPath)
        try await request.readBody { buffer in
            try upload.append(buffer.readableBytesView)
            guard upload.count <= Limits.datasetBytesMax else {
                throw APIError(
                    .contentTooLarge, .tooLarge,
                    "A data set has at most \(Limits.datasetBytesMax) bytes.")
            }
        }
        let replacing = request.uri.queryParameters["replace"] == "1"
        let known = try await store.datasets().first { $0.name == name }?.digest
        let (status, hold) = try await LongWork.run(on: LongWork.uploads) { _ in
            let held = try known ?? Self.embedded(name)
            return try added(upload.contents(), as: name) { digest in
                guard let held, held != digest, !replacing else { return }
                throw StoreError.datasetNameTaken(name, held: held, found: digest)
            }
        }
        defer { withExtendedLifetime(hold) {} }
        let fingerprint = Digest(
            of: Data("\(request.uri.path) \(replacing) \(status.digest)".utf8))
        return try await jsonResponse(
            store.nameDataset(
                status, replacing: replacing, owner: owner, quota: quota,
                RequestKey(id: id, fingerprint: fingerprint)))
    }

    /// Refuses early what would be refused once it had arrived. Bytes that are stored already count
    /// only once, which is not known before: they pass if the token is within its quota.
    private func checkQuota(_ quota: Int, of owner: String, for request: Request) async throws {
        let stored = try await store.datasetBytes(of: owner)
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard stored <= quota, length <= quota else {
            throw StoreError.quotaExceeded(stored: stored, quota: quota)
        }
    }

    /// What the name of the embedded data set means before it is first asked for.
    private static func embedded(_ name: String) throws -> Digest? {
        guard name == EmbeddedDataset.name else { return nil }
        return Digest(of: try EmbeddedDataset.make().serialized())
    }

    private func added(_ file: Data, as name: String, check: (Digest) throws -> Void) throws
        -> (status: DatasetStatus, hold: DatasetFiles.Hold)
    {
        do {
            return try files.add(file, as: name, check: check)
        } catch let error as DatasetError {
            throw APIError(
                .unprocessableContent, .invalidDataset, "The data set was refused: \(error).")
        } catch let error as SafetensorsError {
            throw APIError(.unprocessableContent, .invalidDataset, error.description)
        }
    }

    private func file(_ digest: String) throws -> Response {
        guard let digest = Digest(hexadecimal: digest) else {
            throw APIError(.badRequest, .badRequest, "The path does not name a digest.")
        }
        guard files.contains(digest) else { throw StoreError.noSuchDataset(digest) }
        let file = try ReadOnlyFile(files.path(digest))
        return fileResponse("application/octet-stream", file.body())
    }
}
