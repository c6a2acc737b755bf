import Shared

/// Where a worker runs, by its own account.
struct Machine: Hashable, Sendable {
    /// What the host is called.
    var host: String
    /// Of the machine's kernel since it started; nil: unknown.
    var bootID: String?

    /// Whether the two cannot be one machine. Hosts with one boot id are one machine under several
    /// names, such as containers; a host with two boot ids was started anew.
    func isOther(than machine: Machine) -> Bool {
        guard host != machine.host else { return false }
        guard let bootID, let other = machine.bootID else { return true }
        return bootID != other
    }
}

extension LeaseRequest {
    var machine: Machine { Machine(host: host, bootID: bootID) }
}
