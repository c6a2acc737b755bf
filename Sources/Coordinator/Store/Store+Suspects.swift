import GRDB
import Shared

/// Hosts that get no tasks: because they compute differently, or because tasks fail on them that do
/// not fail elsewhere.
extension Store {
    // MARK: - The self-test

    /// Throws where the worker's self-test is not what every host computes; that is on disk then,
    /// for people to see. A worker that passes clears what was held against its host and kernels.
    func admit(_ request: LeaseRequest) async throws {
        hosts.see(request.machine)
        let key = HostRecords.RefusalKey(host: request.host, kernels: request.selfTest.kernels)
        let differences = request.selfTest.differences
        guard !differences.isEmpty else {
            if hosts.refusal(key) != nil { try await accept(key) }
            return
        }
        let refusal = HostRecords.Refusal(
            worker: request.worker, reason: differences.joined(separator: " "),
            at: environment.now())
        let known = hosts.refusal(key)
        if known?.worker != refusal.worker || known?.reason != refusal.reason {
            try await store(refusal, key)
        }
        throw StoreError.selfTestFailed(host: request.host, differences)
    }

    private func accept(_ key: HostRecords.RefusalKey) async throws {
        try await commits.write { database in
            try database.execute(
                sql: "DELETE FROM hostRefused WHERE host = ? AND kernels = ?",
                arguments: [key.host, key.kernels])
        } whenDurable: { [hosts] _ in
            hosts.accept(key)
        }
    }

    private func store(_ refusal: HostRecords.Refusal, _ key: HostRecords.RefusalKey) async throws {
        _ = try await commits.write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO hostRefused (host, kernels, worker, reason, at)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.host, key.kernels, refusal.worker.rawValue, refusal.reason,
                    refusal.at.milliseconds,
                ])
            return try Self.forgetOldRefusals(database)
        } whenDurable: { [hosts] forgotten in
            for key in forgotten { hosts.accept(key) }
            hosts.refuse(key, refusal)
        }
    }

    private static func forgetOldRefusals(_ database: Database) throws -> [HostRecords.RefusalKey] {
        let old = try Row.fetchAll(
            database,
            sql: "SELECT host, kernels FROM hostRefused ORDER BY at DESC LIMIT -1 OFFSET ?",
            arguments: [Limits.refusedHostsMax])
        return try old.map { row in
            let key = HostRecords.RefusalKey(host: try row[stored: 0], kernels: try row[stored: 1])
            try database.execute(
                sql: "DELETE FROM hostRefused WHERE host = ? AND kernels = ?",
                arguments: [key.host, key.kernels])
            return key
        }
    }

    // MARK: - Setting aside

    /// What is to be done once the end of a lease is on disk. Made before, while the lease is live;
    /// of one that was given up for lost only the store still knows what it was for.
    func whenEnded(_ lease: LeaseID, _ outcome: AttemptOutcome)
        -> @Sendable (_ stored: HostRecords.Work?) -> Void
    {
        let known = liveLeases.entry(lease)?.work
        return { [liveLeases, hosts] stored in
            liveLeases.end([lease])
            guard let work = known ?? stored else { return }
            switch outcome {
            case .succeeded, .diverged: hosts.record(work, failed: nil)
            case .failed: hosts.record(work, failed: lease)
            case .running, .lost, .handedBack, .cancelled, .pruned: break
            }
        }
    }

    /// Whether what fails under this lease is held against its host, and not against the task.
    func isHeldAgainstHost(_ lease: LeaseID) -> Bool {
        liveLeases.entry(lease)?.work.map { hosts.setAside($0.host) != nil } ?? false
    }

    /// Sets aside whom the newest outcomes have made suspect. Their failures do not count against
    /// the tasks: these get their attempts back.
    func setAsideSuspects() async throws {
        for suspicion in hosts.takeSuspicions() {
            do {
                try await set(aside: suspicion)
            } catch {
                hosts.keep(suspicion.host)
                throw error
            }
        }
    }

    private func set(aside suspicion: SuspectRule.Suspicion) async throws {
        let setAside = HostRecords.SetAside(reason: suspicion.reason, at: environment.now())
        try await commits.write { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO hostSetAside (host, reason, at) VALUES (?, ?, ?)",
                arguments: [suspicion.host, setAside.reason, setAside.at.milliseconds])
            for lease in Set(suspicion.failures) { try Self.forgive(lease, database) }
        } whenDurable: { [hosts] _ in
            hosts.set(aside: suspicion.host, setAside)
        }
    }

    private static func forgive(_ lease: LeaseID, _ database: Database) throws {
        let (task, _) = try standing(of: lease, database)
        var machine = task.machine
        machine.forgive()
        guard machine != task.machine else { return }
        try task.apply(machine, lease: task.lease, database)
    }

    // MARK: - Letting back

    /// Gives the host tasks again, with a clean record.
    /// - Parameter name: the host's, or that of one of its workers.
    func letBack(_ name: String, _ key: RequestKey) async throws -> HostLetBack {
        if let earlier = try await earlierAnswer(to: key, as: HostLetBack.self) { return earlier }
        let host = try await hostSetAside(name)
        let refusals = hosts.allRefusals.filter { $0.key.host == host }
        let reasons =
            [hosts.setAside(host)?.reason].compactMap { $0 }
            + refusals.values.map(\.reason).sorted()
        return try await once(key, whenDurable: { [hosts] _ in hosts.letBack(host) }) { database in
            for table in ["hostSetAside", "hostRefused"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE host = ?", arguments: [host])
            }
            return HostLetBack(host: host, reasons: reasons)
        }
    }

    private func hostSetAside(_ name: String) async throws -> String {
        let refusals = hosts.allRefusals
        let known = Set(hosts.allSetAside.keys).union(refusals.keys.map(\.host))
        if known.contains(name) { return name }
        let ofWorker = try await pool.read { database in
            try String.fetchOne(
                database, sql: "SELECT host FROM worker WHERE name = ?", arguments: [name])
        }
        let host = ofWorker ?? refusals.first { $0.value.worker.rawValue == name }?.key.host
        guard let host, known.contains(host) else { throw StoreError.notSetAside(name) }
        return host
    }

    // MARK: - For people

    /// Adds what is held against each worker or its host, and the workers that were refused.
    func withSuspicions(_ workers: [WorkerStatus]) async throws -> [WorkerStatus] {
        let differing = try await pool.read { try Self.differing($0) }
        let setAside = hosts.allSetAside
        let refused = hosts.allRefusals.map { key, refusal in
            WorkerStatus(
                name: refusal.worker, host: key.host, firstSeenAt: refusal.at,
                secondsSinceSeen: nil, leased: 0, succeeded: 0, diverged: 0, failed: 0, lost: 0,
                selfTestFailure: refusal.reason)
        }
        // One that trained before the coordinator was replaced by another version has both.
        let reasons = Dictionary(
            refused.map { ($0.name, $0.selfTestFailure) }, uniquingKeysWith: { first, _ in first })
        let known = workers.map { worker in
            var worker = worker
            worker.differing = differing[worker.name] ?? 0
            worker.setAside = setAside[worker.host]?.reason
            worker.selfTestFailure = reasons[worker.name] ?? nil
            return worker
        }
        let names = Set(known.map(\.name))
        return known + refused.filter { !names.contains($0.name) }
    }

    // MARK: - At start

    static func hostRecords(_ pool: DatabasePool) throws -> HostRecords {
        try pool.read { database in
            let setAside = try Row.fetchAll(database, sql: "SELECT * FROM hostSetAside").map {
                (
                    try $0[stored: "host"] as String,
                    HostRecords.SetAside(
                        reason: try $0[stored: "reason"],
                        at: Timestamp(milliseconds: try $0[stored: "at"]))
                )
            }
            let refusals = try Row.fetchAll(database, sql: "SELECT * FROM hostRefused").map {
                (
                    HostRecords.RefusalKey(
                        host: try $0[stored: "host"], kernels: try $0[stored: "kernels"]),
                    HostRecords.Refusal(
                        worker: WorkerName(unchecked: try $0[stored: "worker"]),
                        reason: try $0[stored: "reason"],
                        at: Timestamp(milliseconds: try $0[stored: "at"]))
                )
            }
            let seen = try Row.fetchAll(
                database,
                sql: "SELECT DISTINCT host, bootID FROM worker LIMIT ?",
                arguments: [Limits.hostsRememberedMax]
            ).map { Machine(host: try $0[stored: 0], bootID: try $0[stored: 1]) }
            return HostRecords(
                setAside: Dictionary(uniqueKeysWithValues: setAside),
                refusals: Dictionary(uniqueKeysWithValues: refusals), seen: Set(seen))
        }
    }
}
