import Logging
import ServiceLifecycle
import Shared

/// Removes the checkpoints of tasks that have ended, and what a killed coordinator left half done.
struct CheckpointSweeper: Service {
    let store: Store
    let files: CheckpointFiles
    let logger: Logger

    func run() async throws {
        // Cancelled: another service could not start, or has failed.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await sweepOnce()
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .seconds(Limits.checkpointSweepSeconds))
            }
        }
    }

    func sweepOnce() async {
        do {
            _ = try await files.removeForgotten { try await store.checkpointFiles() }
        } catch {
            // They only take room; there is a next time.
            logger.error("checkpoints could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
