import Foundation
import HTTPTypes
import Shared

/// From a sweep as it arrived to the tasks that the store is to keep. Nothing is stored here.
struct SweepPlanner: Sendable {
    let datasets: DatasetCatalogue

    /// Throws `SweepMistakes` for a mistake in the sweep, `APIError` for a data set that is not
    /// here.
    func plan(_ json: JSONValue) async throws -> NewSweep {
        let (sweep, points) = try await LongWork.run {
            let sweep = try Sweep(reading: SourceValue(json))
            return (sweep, try sweep.expand())
        }
        let digests = try await datasets.digests(
            named: Set(points.compactMap(\.configuration.dataset)))
        return try await LongWork.run { try Self.plan(sweep, points, digests) }
    }

    private static func plan(
        _ sweep: Sweep, _ points: [SweepPoint], _ digests: [String: Digest]
    ) throws -> NewSweep {
        var gates = GateColumns()
        let tasks = try points.map { point in
            let configuration = point.configuration
            let digest = try configuration.dataset.map { name throws in
                guard let digest = digests[name] else {
                    throw DatasetError("the data set '\(name)' has no digest")
                }
                return digest
            }
            let text = String(decoding: try configuration.json.canonicalData(), as: UTF8.self)
            let identity = Shared.Configuration.identity(
                ofCanonical: text, dataDigest: digest)
            return NewTask(
                position: point.position, id: SweepTaskID(identity: identity),
                configuration: text, dataDigest: digest ?? Digest.ofNothing,
                gateCells: try gates.cells(of: configuration, label: point.gateLabel),
                epochs: configuration.epochs,
                stopsEarly: configuration.stopsEarly)
        }
        let specification = String(decoding: try sweep.json.canonicalData(), as: UTF8.self)
        return NewSweep(
            name: sweep.name, specification: specification, attemptMax: sweep.attempts,
            recheckShare: sweep.recheckShare, checkpointEveryEpochs: sweep.checkpointEveryEpochs,
            halving: sweep.halving, sharesResults: sweep.sharesResults, tasks: tasks)
    }
}

/// Which data set a name means.
struct DatasetCatalogue: Sendable {
    let store: Store
    let files: DatasetFiles

    /// The digest of each name. The embedded data set needs no registering: it is made when it is
    /// first asked for.
    func digests(named names: Set<String>) async throws -> [String: Digest] {
        let known = try await store.datasets()
        var digests = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.digest) })
        if names.contains(EmbeddedDataset.name), digests[EmbeddedDataset.name] == nil {
            digests[EmbeddedDataset.name] = try await LongWork.run {
                let file = try EmbeddedDataset.make().serialized()
                return try files.add(file, as: EmbeddedDataset.name).digest
            }
        }
        for name in names.sorted() where digests[name] == nil {
            throw APIError(
                .unprocessableContent, .unknownDataset,
                "The data set '\(name)' is not known to the coordinator; known are: "
                    + (digests.keys.sorted() + [EmbeddedDataset.name]).joined(separator: ", ")
                    + ". `gdln-coordinator data add \(name) DIR` makes it known.")
        }
        return digests
    }
}
