import Foundation
import HTTPTypes
import Shared

/// From a sweep as it arrived to the tasks that the store is to keep. Nothing is stored here.
struct SweepPlanner: Sendable {
    let datasets: DatasetCatalogue
    let labels: StoredLabels

    /// - Returns: also what keeps the files of its data until the sweep is stored.
    /// - Throws: `SweepMistakes` for a mistake in the sweep, `APIError` for a data set that is not
    ///   here, `CancellationError` if the task is cancelled.
    func plan(_ json: JSONValue) async throws -> (NewSweep, DatasetFiles.Hold) {
        let (sweep, points) = try await Self.expanded(json)
        let (digests, hold) = try await datasets.digests(
            named: Set(points.compactMap(\.configuration.dataset)))
        let plan = try await LongWork.run { [labels] cancellation in
            try Self.plan(sweep, points, digests, labels, cancellation)
        }
        return (plan, hold)
    }

    /// What the sweep would come to, had it been submitted. A data set that is not here is a
    /// warning: it may be added before the submission.
    ///
    /// Throws `SweepMistakes` for a mistake in the sweep.
    func check(_ json: JSONValue) async throws -> SweepChecked {
        let (sweep, points) = try await Self.expanded(json)
        let digests = try await datasets.known()
        return try await LongWork.run { [labels] cancellation in
            var (uses, warnings): (Set<DataUse>, Set<String>) = ([], [])
            for selection in Set(points.compactMap(\.configuration.exampleSelection)) {
                if let digest = digests[selection.dataset] {
                    uses.insert(DataUse(selection: selection, digest: digest))
                } else if selection.dataset == EmbeddedDataset.name {
                    warnings.formUnion(EmbeddedDataset.labels().warnings(of: selection))
                } else {
                    warnings.insert(
                        "data set '\(selection.dataset)' is not known to the coordinator; "
                            + DatasetCatalogue.remedy(for: selection.dataset))
                }
            }
            try cancellation.check()
            warnings.formUnion(labels.warnings(of: uses))
            return SweepChecked(
                name: sweep.name, taskCount: points.count,
                warnings: Self.warnings(sweep, points) + Warnings.listed(warnings))
        }
    }

    private static func expanded(_ json: JSONValue) async throws -> (Sweep, [SweepPoint]) {
        try await LongWork.run { cancellation in
            let sweep = try Sweep(reading: SourceValue(json).inNormalFormC)
            let points = try sweep.expand(unless: { cancellation.isCancelled })
            try cancellation.check()
            return (sweep, points)
        }
    }

    private static func plan(
        _ sweep: Sweep, _ points: [SweepPoint], _ digests: [String: Digest],
        _ labels: StoredLabels, _ cancellation: LongWork.Cancellation
    ) throws -> NewSweep {
        var gates = GateColumns()
        var uses: Set<DataUse> = []
        var positions: [SweepTaskID: Int] = [:]
        let tasks = try points.map { point in
            try cancellation.check()
            let configuration = point.configuration
            let digest = try configuration.dataset.map { name throws in
                guard let digest = digests[name] else {
                    throw DatasetError("the data set '\(name)' has no digest")
                }
                return digest
            }
            if let selection = configuration.exampleSelection, let digest {
                uses.insert(DataUse(selection: selection, digest: digest))
            }
            let text = String(decoding: try configuration.json.canonicalData(), as: UTF8.self)
            let id = SweepTaskID(identity: try configuration.identity(dataDigest: digest))
            if let earlier = positions.updateValue(point.position, forKey: id) {
                throw sameData(earlier, point, points)
            }
            return NewTask(
                position: point.position, id: id,
                configuration: text, dataDigest: digest ?? Digest.ofNothing,
                gateCells: try gates.cells(of: configuration, label: point.gateLabel),
                epochs: configuration.epochs,
                stopsEarly: configuration.stopsEarly)
        }
        let specification = String(decoding: try sweep.json.canonicalData(), as: UTF8.self)
        return NewSweep(
            name: sweep.name, specification: specification, attemptMax: sweep.attempts,
            recheckShare: sweep.recheckShare, checkpointEveryEpochs: sweep.checkpointEveryEpochs,
            halving: sweep.halving, sharesResults: sweep.sharesResults,
            warnings: warnings(sweep, points) + labels.warnings(of: uses), tasks: tasks)
    }

    /// What the sweep's own keys and values make a person wonder, a sentence each.
    private static func warnings(_ sweep: Sweep, _ points: [SweepPoint]) -> [String] {
        Warnings.listed(Set(sweep.warnings(of: points).map(\.description)))
    }

    /// Two tasks that differ in the names of their data sets alone, which hold the same bytes.
    private static func sameData(_ earlier: Int, _ point: SweepPoint, _ points: [SweepPoint])
        -> SweepMistakes
    {
        let names = [points[earlier], point].map { $0.configuration.dataset ?? "" }
        return SweepMistakes(
            SweepMistake(
                .repeated, at: Place(path: "dataset"),
                "found the data sets '\(names[0])' and '\(names[1])', which hold the same bytes, "
                    + "in tasks \(earlier) and \(point.position), wanted each task once"))
    }
}

/// Which data set a name means.
struct DatasetCatalogue: Sendable {
    let store: Store
    let files: DatasetFiles

    /// The digests of the data sets that are stored, by name.
    func known() async throws -> [String: Digest] {
        Dictionary(uniqueKeysWithValues: try await store.datasets().map { ($0.name, $0.digest) })
    }

    /// What makes a data set known.
    static func remedy(for name: String) -> String {
        "`gdln-coordinator data add \(name) DIR` makes it known"
    }

    /// The digest of each name, and what keeps their files. The embedded data set needs no
    /// registering: it is made when it is first asked for.
    func digests(named names: Set<String>) async throws -> ([String: Digest], DatasetFiles.Hold) {
        var digests = try await known()
        if names.contains(EmbeddedDataset.name), digests[EmbeddedDataset.name] == nil {
            digests[EmbeddedDataset.name] = try await LongWork.run { [files] _ in
                try files.addEmbedded()
            }
        }
        for name in names.sorted() where digests[name] == nil {
            throw APIError(
                .unprocessableContent, .unknownDataset,
                "The data set '\(name)' is not known to the coordinator; known are: "
                    + (digests.keys.sorted() + [EmbeddedDataset.name]).joined(separator: ", ")
                    + ". \(Self.remedy(for: name)).")
        }
        let hold = files.hold(Set(names.compactMap { digests[$0] }))
        // Another name may have been given since, and the file removed before it was held.
        let isSame = try await known().filter { names.contains($0.key) }
            .allSatisfy { digests[$0.key] == $0.value }
        guard isSame else {
            throw APIError(
                .serviceUnavailable, .unavailable,
                "A data set of the sweep was replaced just now; submit it again.")
        }
        return (digests, hold)
    }

    /// Keeps the files of these data.
    /// - Throws: `StoreError.dataRemoved` if one is gone.
    func hold(_ digests: Set<Digest>) throws -> DatasetFiles.Hold {
        let hold = files.hold(digests)
        let missing = digests.filter { !files.contains($0) }
        guard missing.isEmpty else { throw StoreError.dataRemoved(Array(missing)) }
        return hold
    }
}
