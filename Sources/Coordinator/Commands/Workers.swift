import ArgumentParser
import Shared

/// Who trains, and how that went.
struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the workers.", discussion: "Example: gdln-coordinator workers")

    @Flag(help: "JSON for programs.")
    var json = false

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        let workers = try connection.client().workers()
        if json { return try printJSON(WorkerList(workers: workers)) }
        guard !workers.isEmpty else { return print("No worker has called yet.") }
        var table = TextTable(
            ["worker", "host", "last seen", "running", "succeeded", "failed", "lost"])
        for worker in workers {
            let seen = worker.secondsSinceSeen.map { "\(HumanDuration.text(seconds: $0)) ago" }
            table.add([
                worker.name.rawValue, worker.host, seen ?? "not since the coordinator started",
                "\(worker.leased)", "\(worker.succeeded)", "\(worker.failed)", "\(worker.lost)",
            ])
        }
        print(table.text)
    }
}
