import FoundationEssentials
import GRDB
import Shared

/// What `check` computes anew from what is stored: trajectories from rows, task ids from
/// configurations, configurations and gates from sweeps, and values at rungs from rows. Each is one
/// pass, with one sweep's tasks in memory at most.
extension Store {
    /// A sentence for each stored value that does not come to what another says of it; empty where
    /// all do.
    func damagedContents() async throws -> [String] {
        try await pool.read { database in
            var damaged: [String] = []
            // What cannot be read is one sentence more, and takes nothing from the others.
            func collect(_ what: String, _ find: () throws -> [String]) {
                do {
                    damaged += try find()
                } catch {
                    damaged.append("\(what) cannot be read to the end: \(error)")
                }
            }
            let sweeps = try database.allRows(
                "SELECT id, name, recheckOf IS NULL FROM sweep ORDER BY number", []
            ) { row in
                (
                    id: SweepID(unchecked: try row[stored: 0]), name: try row[stored: 1] as String,
                    isSubmitted: try row[stored: 2] as Bool
                )
            }
            for sweep in sweeps {
                collect("sweep \(sweep.name): its metric rows") {
                    try Self.damagedResults(of: sweep.id, database)
                        .sorted { $0.key < $1.key }.map(\.value)
                }
                collect("sweep \(sweep.name): its tasks") {
                    try Self.wrongIdentities(in: sweep.id, database)
                }
                if sweep.isSubmitted {
                    collect("sweep \(sweep.name): its configurations") {
                        try Self.wrongConfigurations(in: sweep.id, sweep.name, database)
                    }
                }
                collect("sweep \(sweep.name): its values at rungs") {
                    try Self.wrongRungs(in: sweep.id, database)
                }
            }
            collect("the metric rows of earlier attempts") { try Self.unreadableRows(database) }
            return damaged
        }
    }

    /// A task's id is the digest of its configuration, its data and the arithmetic.
    private static func wrongIdentities(in sweep: SweepID, _ database: Database) throws -> [String]
    {
        let sql = """
            SELECT task.position, task.id, task.dataDigest, configuration.json, sweep.name
            FROM task JOIN configuration ON configuration.task = task.number
                JOIN sweep ON sweep.id = task.sweep
            WHERE task.sweep = ? ORDER BY task.position
            """
        var wrong: [String] = []
        let rows = try Row.fetchCursor(database, sql: sql, arguments: [sweep.rawValue])
        while let row = try rows.next() {
            let (position, id) = (try row[stored: 0] as Int, try row[stored: 1] as String)
            let name = try row[stored: 4] as String
            let text = try row[stored: 3] as String
            let data = Digest(hexadecimal: try row[stored: 2])
            let digest = data == Digest.ofNothing ? nil : data
            let json = try? JSONValue(parsing: Data(text.utf8))
            let isRight = NumericVersion.all.contains { version in
                let identity = try? json.map {
                    try Shared.Configuration.identity(
                        of: $0, dataDigest: digest, numericVersion: version)
                }
                return identity.map { SweepTaskID(identity: $0).rawValue } == id
            }
            if data != nil && isRight { continue }
            wrong.append(
                "task \(id) of sweep \(name) (position \(position)): its stored "
                    + "configuration and data digest do not hash to its id: one of the three was "
                    + "damaged")
        }
        return wrong
    }

    /// The specification, from which a report has the cells of the axes, expands to the stored
    /// configurations and gates.
    private static func wrongConfigurations(
        in sweep: SweepID, _ name: String, _ database: Database
    ) throws -> [String] {
        let hasTasks = try database.firstRow(
            "SELECT 1 FROM task WHERE sweep = ? LIMIT 1", [sweep.rawValue]
        ) { _ in true }
        guard hasTasks == true else { return [] }
        let points: [SweepPoint]
        do {
            points = try SweepSnapshot(of: sweep.rawValue, database).sweep.parsed().expand()
        } catch {
            return ["sweep \(name): its stored specification is damaged: \(error)"]
        }
        let sql = """
            SELECT task.position, task.id, configuration.json, gate.cells
            FROM task JOIN configuration ON configuration.task = task.number
                JOIN gate ON gate.number = task.gate
            WHERE task.sweep = ? ORDER BY task.position
            """
        var gates = GateColumns()
        var (wrong, count): ([String], Int) = ([], 0)
        let rows = try Row.fetchCursor(database, sql: sql, arguments: [sweep.rawValue])
        while let row = try rows.next() {
            let position = try row[stored: 0] as Int
            count += 1
            guard points.indices.contains(position) else { continue }
            let point = points[position]
            let json = String(
                decoding: try point.configuration.json.canonicalData(), as: UTF8.self)
            let (id, stored) = (try row[stored: 1] as String, try row[stored: 2] as String)
            let gate = try row[stored: 3] as String
            let cells = try? WireCoding.decode([String].self, from: Data(gate.utf8))
            let wanted = try gates.cells(of: point.configuration, label: point.gateLabel)
            let task = "task \(id) of sweep \(name) (position \(position))"
            if json != stored {
                wrong.append(
                    "\(task): its stored configuration is not the one that the sweep's stored "
                        + "specification gives: one of the two was damaged")
            }
            // A column that came later is missing in what was stored before.
            if cells != cells.map({ Array(wanted.prefix($0.count)) }) || cells?.isEmpty ?? true {
                wrong.append("\(task): the stored description of its gate was damaged")
            }
        }
        if count != points.count {
            wrong.append(
                "sweep \(name): \(count) tasks are stored, and its stored specification gives "
                    + "\(points.count)")
        }
        return wrong
    }

    /// What tasks were compared by is what their rows say.
    private static func wrongRungs(in sweep: SweepID, _ database: Database) throws -> [String] {
        let text = try database.firstRow("SELECT halving FROM sweep WHERE id = ?", [sweep.rawValue])
        { try $0[stored: 0] as String? }
        guard let text = text ?? nil else { return [] }
        guard let halving = try? WireCoding.decode(Halving.self, from: Data(text.utf8)) else {
            return ["sweep \(sweep): its stored rule of halving was damaged"]
        }
        let sql = """
            SELECT rung.epoch, rung.value, task.number, task.id, sweep.name, task.position
            FROM rung JOIN task ON task.number = rung.task JOIN sweep ON sweep.id = task.sweep
            WHERE rung.sweep = ? ORDER BY rung.epoch, rung.task
            """
        var wrong: [String] = []
        let rows = try Row.fetchCursor(database, sql: sql, arguments: [sweep.rawValue])
        while let row = try rows.next() {
            let (epoch, value) = (try row[stored: 0] as Int, try row[stored: 1] as Int64)
            let bits = UInt32(truncatingIfNeeded: value)
            let (id, name) = (try row[stored: 3] as String, try row[stored: 4] as String)
            let position = try row[stored: 5] as Int
            let measured = try Self.value(
                of: halving.metric, at: epoch, ofTask: row[stored: 2], database)
            guard let measured, measured.bitPattern != bits else { continue }
            let stored = MetricValue(Float(bitPattern: bits)).text
            let found = MetricValue(measured).text
            wrong.append(
                "task \(id) of sweep \(name) (position \(position)): its stored value at rung "
                    + "\(epoch) is \(stored), its stored metric rows say \(found): one of the two "
                    + "was damaged")
        }
        return wrong
    }

    /// By the attempt that came there first; nil where no row that can be read has it.
    private static func value(
        of metric: MeasuredColumn, at epoch: Int, ofTask task: Int64, _ database: Database
    ) throws -> Float? {
        let batches = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT rows FROM metric WHERE task = ? AND lastEpoch >= ?
                    ORDER BY attempt, first
                    """), arguments: [task, epoch])
        while let row = try batches.next() {
            guard let batch = try? MetricBatch(stored: row) else { continue }
            var rows: [MetricRow] = []
            try? batch.forEach(epoch: epoch) { rows.append($0.row) }
            if let value = metric.value(in: rows) { return value }
        }
        return nil
    }

    /// Of attempts before the newest, which no trajectory is of.
    private static func unreadableRows(_ database: Database) throws -> [String] {
        let sql = """
            SELECT metric.rows, metric.attempt, task.id, sweep.name, task.position
            FROM metric JOIN task ON task.number = metric.task
                JOIN sweep ON sweep.id = task.sweep
            WHERE metric.attempt <> task.attempt ORDER BY metric.number
            """
        var unreadable: [String] = []
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            if (try? MetricBatch(stored: row).forEach { _ in }) != nil { continue }
            let (id, name) = (try row[stored: 2] as String, try row[stored: 3] as String)
            let (attempt, position) = (try row[stored: 1] as Int, try row[stored: 4] as Int)
            unreadable.append(
                "task \(id) of sweep \(name) (position \(position)): stored metric rows of its "
                    + "attempt \(attempt) do not parse: a row was damaged")
        }
        return unreadable
    }
}
