import Logging
import ServiceLifecycle
import Shared

/// Removes the checkpoints of tasks that have ended, data sets that nobody needs any more, and what
/// a killed coordinator left half done.
struct CheckpointSweeper: Service {
    let store: Store
    let files: CheckpointFiles
    var datasets: DatasetFiles?
    let logger: Logger

    func run() async throws {
        await forgetMissingFiles()
        // Cancelled: another service could not start, or has failed.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await sweepOnce()
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .seconds(Limits.checkpointSweepSeconds))
            }
        }
    }

    /// A coordinator that was killed may have removed files that are still counted.
    private func forgetMissingFiles() async {
        guard let datasets else { return }
        do {
            let missing = try await store.countedFiles().filter { !datasets.contains($0) }
            if !missing.isEmpty { try await store.forgetFiles(missing) }
        } catch {
            logger.error("files could not be counted", metadata: ["error": "\(error)"])
        }
    }

    func sweepOnce() async {
        do {
            _ = try await files.removeForgotten { try await store.checkpointFiles() }
            try await store.removeAbandoned()
            if let removed = try await datasets?.removeUnneeded(store.neededData),
                !removed.isEmpty
            {
                try await store.forgetFiles(removed)
            }
        } catch {
            // They only take room; there is a next time.
            logger.error("files could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
