import Dispatch
import FoundationEssentials
import Logging
import Shared
import Synchronization

/// Keeps one attempt's checkpoints: on this host's disk, then with the coordinator, from threads of
/// its own. Training goes on meanwhile, however slow the disk or far the coordinator is.
///
/// It waits a moment only, for one to arrive: then no more is ever trained twice than what lies
/// between two checkpoints. Not where the one before did not get through.
final class CheckpointKeeper: Sendable {
    private let lease: Lease
    private let shelf: CheckpointShelf
    private let access: CoordinatorAccess
    private let logger: Logger
    private let writing = DispatchQueue(label: "checkpoint writer")
    private let sending = DispatchQueue(label: "checkpoint sender")
    private let underWay = DispatchGroup()
    private let state = Mutex(State())

    private struct State {
        var isWriting = false
        var didLastArrive = true
        /// The number of the newest that is to be sent.
        var newest = 0
        var isEnded = false
    }

    init(
        _ lease: Lease, shelf: CheckpointShelf, access: CoordinatorAccess, logger: Logger
    ) {
        self.lease = lease
        self.shelf = shelf
        self.access = access
        self.logger = logger
    }

    /// Hands the training's state over. False where the disk is still busy with the one before.
    func keep(_ file: Safetensors, epochs: Int) -> Bool {
        let (isFree, isWaitedFor) = state.withLock { state in
            let answer = (!state.isWriting, state.didLastArrive)
            if answer.0 { (state.isWriting, state.didLastArrive) = (true, false) }
            return answer
        }
        guard isFree else { return false }
        underWay.enter()
        writing.async { [self] in
            let entry = write(file, epochs: epochs)
            let number = state.withLock { state in
                state.isWriting = false
                state.newest += 1
                return state.newest
            }
            sending.async { [self] in
                if let entry { send(entry, number: number) }
                underWay.leave()
            }
        }
        if isWaitedFor { _ = underWay.wait(timeout: .now() + Limits.checkpointPauseSecondsMax) }
        return true
    }

    /// Waits until what was handed over has arrived or cannot, or the time is up.
    func settle(within limit: Duration) {
        _ = underWay.wait(timeout: .now() + max(0, limit.seconds))
    }

    /// The attempt is over: nothing more is sent.
    func end() { state.withLock { $0.isEnded = true } }

    /// As `end`; the task's checkpoints are of no more use on this host.
    func endAndRemove() {
        end()
        writing.sync { shelf.removeAll(of: lease.task) }
    }

    private func write(_ file: Safetensors, epochs: Int) -> CheckpointShelf.Entry? {
        do {
            return try shelf.keep(file, of: lease.task, epochs: epochs)
        } catch {
            logger.warning("a checkpoint could not be written", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Tries until a newer one waits.
    private func send(_ entry: CheckpointShelf.Entry, number: Int) {
        let isOver = { [self] in state.withLock { $0.isEnded } }
        let isSuperseded = { [self] in state.withLock { $0.isEnded || $0.newest > number } }
        guard !isSuperseded() else { return }
        do {
            let file = try Data(contentsOf: URL(filePath: entry.path), options: .alwaysMapped)
            let client = try access.client(givingUpWhen: isSuperseded, cancelledWhen: isOver)
            _ = try client.keep(file, as: entry.reference, of: lease)
            state.withLock { $0.didLastArrive = true }
        } catch {
            guard !isOver() else { return }
            logger.warning("a checkpoint was not sent", metadata: ["error": "\(error)"])
        }
    }
}
