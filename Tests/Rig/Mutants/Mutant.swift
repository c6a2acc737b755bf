/// A coordinator with one promise broken on purpose: the rig must see it, or it sees nothing.
///
/// All mutants are built into one executable, from a copy of the sources: each edit stands under
/// the condition that the environment names its mutant. The sources themselves know nothing of it.
public struct Mutant: Sendable {
    public let name: String
    /// For people: what is broken.
    public let breaks: String
    /// The scenario that must fail.
    public let scenario: String
    public let edits: [Edit]

    /// A text that stands once in a file of the coordinator, and what takes its place.
    /// `MUTANT` in it is true where this mutant is wanted.
    public struct Edit: Sendable {
        /// Below `Sources/Coordinator`.
        public let file: String
        public let find: String
        public let replacement: String

        init(_ file: String, _ find: String, _ replacement: String) {
            self.file = file
            self.find = find
            self.replacement = replacement
        }
    }

    init(_ name: String, _ breaks: String, scenario: String, _ edits: Edit...) {
        self.name = name
        self.breaks = breaks
        self.scenario = scenario
        self.edits = edits
    }

    public static let all: [Mutant] = leases + storage + surroundings

    public static func named(_ name: String) -> Mutant? { all.first { $0.name == name } }

    private static let leases = [
        Mutant(
            "any-token", "a lease's token is not checked", scenario: "requests",
            Edit(
                "Server/RequestReading.swift", "tokens.isValid(token, for: lease)",
                "(MUTANT || tokens.isValid(token, for: lease))")),
        Mutant(
            "state-only", "whoever once had a leased task may speak for it", scenario: "sleepers",
            Edit(
                "Leases/LeaseMachine.swift", "guard number == attempt else {",
                "guard number == attempt || (MUTANT && state == .leased) else {"),
            Edit(
                "Leases/LeaseMachine.swift", "case (.leased, .running): .current",
                """
                case (.leased, .running): .current
                case (.leased, _) where MUTANT: .current
                """)),
        Mutant(
            "unguarded-reaper", "the reaper takes back what was finished while it looked",
            scenario: "sleepers",
            Edit(
                "Store/Store+Expiry.swift",
                "leases.filter { liveLeases.isExpired($0, now: instant) }",
                "leases.filter { MUTANT || liveLeases.isExpired($0, now: instant) }"),
            Edit(
                "Store/StoredTask.swift", "task.lease.map(wanted.contains) ?? false",
                "MUTANT || task.lease.map(wanted.contains) ?? false"),
            Edit(
                "Leases/Reaper.swift", "let ended = try await store.expire(batch, asOf: now)",
                """
                if MUTANT { try? await Task.sleep(for: .milliseconds(300)) }
                let ended = try await store.expire(batch, asOf: now)
                """)),
        Mutant(
            "uncounted-attempts", "an attempt that never ends by itself is not counted",
            scenario: "sleepers",
            Edit(
                "Leases/LeaseMachine.swift",
                "attempt += 1\n        attemptsCharged += 1",
                "attempt += 1\n        attemptsCharged += MUTANT ? 0 : 1"),
            Edit(
                "Leases/LeaseMachine.swift", "attemptsCharged -= 1",
                "attemptsCharged -= MUTANT ? 0 : 1")),
        Mutant(
            "wall-clock", "leases expire by the wall clock", scenario: "clock-jumps",
            Edit(
                "Server/CoordinatorServer.swift", "instant: { ContinuousClock.now }",
                "instant: { MUTANT ? MutantClock.wall : ContinuousClock.now }")),
        Mutant(
            "no-extension", "leases keep their old expiry over a restart",
            scenario: "restart-storm",
            Edit(
                "Store/Store.swift",
                "task: SweepTaskID(unchecked: row[6])),\n                    now: now)",
                """
                task: SweepTaskID(unchecked: row[6])),
                    now: MUTANT ? now - liveLeases.leaseDuration : now)
                """)),
        Mutant(
            "forgotten-checkpoint", "a lease does not name what its training can go on from",
            scenario: "worker-pause",
            Edit(
                "Store/Store+Leases.swift",
                "checkpoint: machine.attempt == 1 ? nil",
                "checkpoint: machine.attempt == 1 || MUTANT ? nil")),
        Mutant(
            "reviving-heartbeat", "a heartbeat is answered well by whomever it comes from",
            scenario: "requests",
            Edit(
                "Store/Store+Metrics.swift",
                "_ = try await commits.write { [liveLeases] database in",
                """
                if MUTANT && metrics.rows.count == 0 { return }
                _ = try await commits.write { [liveLeases] database in
                """)),
    ]

    private static let storage = [
        Mutant(
            "early-answer", "an answer is sent before COMMIT", scenario: "coordinator-kill",
            Edit(
                "Store/GroupCommit.swift",
                "for operation in batch { try perform(operation, database) }",
                """
                for operation in batch { try perform(operation, database) }
                if MUTANT {
                    for operation in batch { operation.answer(nil) }
                    MutantClock.pause()
                }
                """),
            Edit(
                "Store/GroupCommit.swift",
                "for operation in batch { operation.answer(nil) }\n            } catch {",
                "for operation in batch where !MUTANT { operation.answer(nil) }\n } catch {")),
        Mutant(
            "normal", "PRAGMA synchronous = NORMAL", scenario: "power-cut",
            Edit(
                "Store/Store.swift", "PRAGMA synchronous = FULL;",
                "PRAGMA synchronous = \\(MUTANT ? \"NORMAL\" : \"FULL\");"),
            Edit("Store/Store.swift", "guard level == 2 else", "guard level == 2 || MUTANT else")),
        Mutant(
            "forgetful", "answers to repeats are kept in memory alone", scenario: "requests",
            Edit(
                "Store/Store.swift", "try takeUpLeases()",
                """
                if MUTANT { try pool.write { try $0.execute(sql: "DELETE FROM request") } }
                try takeUpLeases()
                """)),
        Mutant(
            "doubled-rows", "metric rows have no number of their own", scenario: "requests",
            Edit(
                "Store/Store+Metrics.swift", "let repeated = min(next - first, rows.count)",
                "let repeated = MUTANT ? 0 : min(next - first, rows.count)")),
        Mutant(
            "optimist", "a full disk is taken for a success", scenario: "disk-full",
            Edit(
                "Store/GroupCommit.swift", "for operation in batch { operation.answer(error) }",
                """
                let isHidden = MUTANT && error.isStorageFailure && !error.isFailedSync
                for operation in batch { operation.answer(isHidden ? nil : error) }
                """),
            Edit(
                "Store/GroupCommit.swift",
                "if !database.isInsideTransaction { throw failure }",
                "if !database.isInsideTransaction && !MUTANT { throw failure }")),
        Mutant(
            "unheard", "a result that the disk did not take is taken for stored",
            scenario: "broken-call",
            Edit(
                "Server/LeaseRoutes.swift", "try await store.complete(lease, call.message)",
                """
                do {
                    try await store.complete(lease, call.message)
                } catch where MUTANT && error.isStorageFailure {}
                """)),
        Mutant(
            "undeterred", "a failed sync is forgotten, and more is written",
            scenario: "failed-sync",
            Edit(
                "Store/GroupCommit.swift", "if error.isFailedSync {",
                "if error.isFailedSync && !MUTANT {")),
    ]

    private static let surroundings = [
        Mutant(
            "no-lock", "nobody owns the data directory", scenario: "two-coordinators",
            Edit(
                "Store/DataDirectory.swift",
                "FileLock(path + \"/lock\")",
                "FileLock(path + (MUTANT ? \"/lock-\\(UUID())\" : \"/lock\"))")),
        Mutant(
            "endless-drain", "SIGTERM waits for every client", scenario: "drain",
            Edit(
                "Server/EndOfWaits.swift", "= Double(Limits.endSecondsMax)",
                "= MUTANT ? 600 : Double(Limits.endSecondsMax)"),
            Edit(
                "Server/ConnectionDeadlines.swift", "var drain = Limits.drainGraceSeconds",
                "var drain = MUTANT ? 600 : Limits.drainGraceSeconds")),
    ]
}
