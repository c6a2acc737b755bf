import ArgumentParser
import Shared

/// How sweeps stand.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how sweeps stand.",
        discussion: "Example: gdln-coordinator status mnist-small")

    @Argument(help: "The sweep: its id, or its name for the newest of that name. Else all.")
    var sweep: String?

    @Flag(help: "JSON for programs.")
    var json = false

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        let client = try connection.client()
        let statuses = try sweep.map { [try client.status($0)] } ?? client.sweeps()
        if json { return try printJSON(SweepList(sweeps: statuses)) }
        guard !statuses.isEmpty else {
            return try StandardOutput.print("There are no sweeps yet.")
        }
        var table = TextTable(
            ["sweep", "id", "tasks"] + TaskState.allCases.map(\.rawValue) + ["epochs", "left"])
        for status in statuses {
            table.add(
                [status.name, status.id.rawValue, "\(status.taskCount)"]
                    + TaskState.allCases.map { "\(status.count($0))" }
                    + [
                        "\(status.epochsCompleted)/\(status.epochsTotal)",
                        status.secondsLeft.map { HumanDuration.text(seconds: $0) } ?? "",
                    ])
        }
        try StandardOutput.print(table.text)
        for status in statuses {
            if status.isCancelled {
                try StandardOutput.print(
                    "\(status.name): cancelled, \(status.resultCount) of \(status.taskCount) done")
            }
            try show(status.rechecks, of: status.name)
        }
    }

    private func show(_ rechecks: RecheckStatus, of name: String) throws {
        let name = name.plainLine
        let counts = [
            (rechecks.same, "same"), (rechecks.different, "different"), (rechecks.failed, "failed"),
            (rechecks.waiting, "waiting"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        guard !counts.isEmpty else { return }
        try StandardOutput.print(
            "\(name): run again on another machine: \(counts.joined(separator: ", "))")
        if let obstacle = rechecks.obstacle {
            try StandardOutput.print("\(name): \(obstacle)")
        }
        for difference in rechecks.differences {
            try StandardOutput.print(
                "\(name): task \(difference.task) (position \(difference.position)) came out "
                    + "differently on \(difference.host) and \(difference.otherHost)")
        }
        if rechecks.different > rechecks.differences.count {
            try StandardOutput.print("\(name): the manifest has the other differences")
        }
    }
}
