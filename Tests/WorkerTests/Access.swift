import Logging
import Shared

@testable import Worker

extension CoordinatorAccess {
    /// To a server that asks nobody who calls.
    init(address: String, stop: StopSignal) {
        self.init(
            source: .given(Join(address: address)), stop: stop, logger: Logger(label: "test"))
    }
}
