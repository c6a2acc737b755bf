import Foundation
import Shared
import Synchronization

/// What the labels of the stored data sets say. Each file is read once, its labels alone, and not
/// before it is asked for.
///
/// Blocks while it reads: not for threads that answer calls.
final class StoredLabels: Sendable {
    private let files: DatasetFiles
    private let known = Mutex<[Digest: DatasetLabels]>([:])

    init(_ files: DatasetFiles) { self.files = files }

    /// What the trainings with these selections leave out, a sentence each.
    func warnings(of uses: Set<DataUse>) -> [String] {
        var warnings: Set<String> = []
        for use in uses {
            do {
                warnings.formUnion(try labels(of: use.digest).warnings(of: use.selection))
            } catch {
                warnings.insert(
                    "data set '\(use.selection.dataset)': its file cannot be read, so its examples "
                        + "were not checked")
            }
        }
        return Warnings.listed(warnings)
    }

    private func labels(of digest: Digest) throws -> DatasetLabels {
        if let labels = known.withLock({ $0[digest] }) { return labels }
        // Mapped, so that only the pages of the labels are read.
        let file = try Data(
            contentsOf: URL(filePath: files.path(digest)), options: .alwaysMapped)
        let labels = try DatasetLabels(parsing: file)
        known.withLock { known in
            if known.count >= Limits.labelSummariesMax { known.removeAll() }
            known[digest] = labels
        }
        return labels
    }
}
