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

extension Spool {
    /// On a machine of which nothing is known, and whose processes are all dead.
    convenience init(directory: String, owner: WorkerName) throws {
        try self.init(
            directory: directory, owner: owner, process: .ofTest(), host: Host { _ in nil })
    }
}

extension ProcessIdentity {
    static func ofTest(
        machine: String = "", bootID: String? = nil, namespace: String? = nil,
        processID: Int32 = 1, startTicks: Int? = nil, memoryKills: Int? = nil
    ) -> ProcessIdentity {
        ProcessIdentity(
            machine: machine, bootID: bootID, namespace: namespace, processID: processID,
            startTicks: startTicks, memoryKills: memoryKills)
    }
}
