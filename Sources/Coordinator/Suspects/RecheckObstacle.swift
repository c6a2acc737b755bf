import Shared

/// Why tasks that are to be run again on another machine are not. Pure.
enum RecheckObstacle {
    /// - Parameters:
    ///   - waiting: how many of these tasks were trained on each machine.
    ///   - present: where the workers run that have called lately.
    /// - Returns: a sentence; nil where each task has a worker that may run it.
    static func sentence(waiting: [Machine: Int], present: Set<Machine>) -> String? {
        let stuck = waiting.filter { machine, _ in
            !present.contains { $0.isOther(than: machine) }
        }
        let count = stuck.values.reduce(0, +)
        guard count > 0 else { return nil }
        let tasks = count == 1 ? "1 task waits" : "\(count) tasks wait"
        return "\(tasks) to be run again: no worker on another machine has asked lately"
            + reason(present.union(stuck.keys))
    }

    private static func reason(_ machines: Set<Machine>) -> String {
        let (hosts, bootIDs) = (Set(machines.map(\.host)), Set(machines.map(\.bootID)))
        guard hosts.count > 1 else {
            let host = hosts.first ?? ""
            return bootIDs.count > 1
                ? "; all workers give the same name of their host, '\(host)': name each machine's "
                    + "with gdln-worker run --host"
                : "; all workers run on host '\(host)'" + text(bootIDs)
        }
        return bootIDs.count == 1 ? "; all workers run on one machine" + text(bootIDs) : ""
    }

    private static func text(_ bootIDs: Set<String?>) -> String {
        guard let bootID = bootIDs.first ?? nil else { return "" }
        return ", which has boot id \(bootID)"
    }
}
