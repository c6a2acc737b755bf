/// What is known of a worker's end that it could not report itself.
extension Spool {
    /// Why the worker of a folder ended in mid-attempt, for people; nil where its attempts have
    /// nothing to do with that: it was told to stop, or the machine was started anew.
    func killReason(of forsaken: Forsaken) -> String? {
        guard let dead = forsaken.process, !forsaken.wasStopping, dead.bootID == process.bootID
        else { return nil }
        let kills = dead.memoryKills.flatMap { before in host.memoryKills.map { $0 - before } }
        // Containers that start anew may count from 0.
        return if let kills, kills > 0 {
            "killed, probably out of memory: the kernel has killed processes for want of memory"
        } else {
            "killed, probably out of memory, or ended by a signal or a crash"
        }
    }
}
