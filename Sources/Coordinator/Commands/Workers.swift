import ArgumentParser
import Shared

/// Who trains, and who may not.
struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the workers, or let a host back that was set aside.",
        discussion: """
            Example: gdln-coordinator workers
            Example: gdln-coordinator workers let-back node-7

            A host on which task after task fails while others train the same sweeps is set \
            aside: it gets no tasks until it is let back.
            """,
        subcommands: [ListWorkers.self, LetBack.self], defaultSubcommand: ListWorkers.self)
}

/// Who trains, and how that went.
struct ListWorkers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the workers.",
        discussion: "Example: gdln-coordinator workers")

    @Flag(help: "JSON for programs.")
    var json = false

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        let list = try connection.client().workers()
        if json { return try printJSON(list) }
        let workers = list.workers
        guard !workers.isEmpty else {
            return try StandardOutput.print("No worker has called yet.")
        }
        var table = TextTable(
            [
                "worker", "host", "last seen", "running", "succeeded", "diverged", "failed",
                "lost", "differing", "standing",
            ])
        for worker in workers {
            let seen = worker.secondsSinceSeen.map { "\(HumanDuration.text(seconds: $0)) ago" }
            table.add([
                worker.name.rawValue, worker.host, seen ?? "not since the coordinator started",
                "\(worker.leased)", "\(worker.succeeded)", "\(worker.diverged)",
                "\(worker.failed)", "\(worker.lost)",
                "\(worker.differing)", Self.standing(of: worker),
            ])
        }
        try StandardOutput.print(table.text)
        if let obstacle = list.recheckObstacle { try StandardOutput.print(obstacle) }
    }

    /// Empty where nothing is held against it.
    private static func standing(of worker: WorkerStatus) -> String {
        if let failure = worker.selfTestFailure { return "refused: \(failure)" }
        if let reason = worker.setAside { return "set aside: \(reason)" }
        return ""
    }
}

/// Gives a host tasks again.
struct LetBack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "let-back",
        abstract: "Give a host tasks again that was set aside.",
        discussion: """
            Example: gdln-coordinator workers let-back node-7

            Its record begins anew. Its workers ask again within a minute.
            """)

    @Argument(help: "The host, or one of its workers.")
    var name: String

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        try StandardOutput.requireOpen()
        let answer = try connection.client().letBack(name)
        try StandardOutput.print(
            "\(answer.host.plainLine) gets tasks again; it had been set aside:")
        for reason in answer.reasons {
            try StandardOutput.print("  \(reason.plainLine)")
        }
    }
}
