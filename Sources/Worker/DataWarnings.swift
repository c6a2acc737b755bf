import Logging
import Shared
import Synchronization

/// The warnings about the data that this process trains on, each logged once: thousands of tasks
/// use the same examples.
final class DataWarnings: Sendable {
    private let logged = Mutex<Set<DataUse>>([])

    /// Logs the warnings about what `selection` leaves out, unless it did before.
    func log(
        _ selection: ExampleSelection, of dataset: Dataset, _ digest: Digest,
        to logger: Logger
    ) {
        let isNew = logged.withLock { logged in
            if logged.count >= Limits.selectionsRememberedMax { logged.removeAll() }
            return logged.insert(DataUse(selection: selection, digest: digest)).inserted
        }
        guard isNew else { return }
        for warning in DatasetLabels(dataset).warnings(of: selection) {
            logger.warning("\(warning)")
        }
    }
}
