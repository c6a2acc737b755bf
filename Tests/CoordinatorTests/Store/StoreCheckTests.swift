import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Each rule of `brokenInvariants` is seen to fire on a file that somebody has damaged: a check
/// that finds nothing in a good file shows nothing by itself.
@Suite struct StoreCheckTests {
    struct Damage: CustomTestStringConvertible {
        let sql: String
        let sentence: String
        var testDescription: String { sentence }
    }

    /// The store holds: study-0 leased, study-1 succeeded, study-2 ready.
    static let damages = [
        Damage(
            sql: "UPDATE attempt SET outcome = 'lost', endedAt = 1 WHERE outcome = 'running'",
            sentence: "task study-0 is leased, but its lease LEASE is lost"),
        Damage(
            sql: "UPDATE task SET lease = 'ghost' WHERE id = 'study-0'",
            sentence: "task study-0 is leased, but its lease ghost is unknown"),
        Damage(
            sql: "UPDATE task SET state = 'ready', lease = NULL WHERE id = 'study-0'",
            sentence: "attempt 1 of task study-0 is running, but the task is ready"),
        Damage(
            sql: "UPDATE task SET attempt = 5 WHERE id = 'study-2'",
            sentence: "task study-2 counts 5 attempts, but 0 are stored"),
        Damage(
            sql: "UPDATE attempt SET outcome = 'failed' WHERE outcome = 'succeeded'",
            sentence: "task study-1 is succeeded, but its last attempt is failed"),
        Damage(
            sql: "UPDATE metric SET lastEpoch = 1",
            sentence: "task study-1 is complete without metrics of its last epoch"),
        Damage(
            sql: "UPDATE metric SET first = 1",
            sentence: "the metric rows of attempt 1 of task study-1 have gaps"),
        Damage(
            sql: "DELETE FROM configuration WHERE task = 3",
            sentence: "task study-2 has no configuration"),
        Damage(
            sql: "UPDATE task SET attemptsCharged = 3 WHERE id = 'study-2'",
            sentence: "task study-2 is ready, but has no attempts left"),
        Damage(
            sql: """
                INSERT INTO sweep (number, id, name, specification, createdAt, sharesResults)
                VALUES (9, 'x', 'empty', '{}', 0, 1)
                """,
            sentence: "sweep empty has no tasks"),
        Damage(
            sql: "INSERT INTO recheck (task, rerun) SELECT number, number + 1 FROM task LIMIT 1",
            sentence: "task study-0 is run again as another task, study-1"),
        Damage(
            sql: "INSERT INTO checkpoint SELECT number, 1, 1, dataDigest, 1, 'f' FROM task "
                + "WHERE state = 'succeeded'",
            sentence: "task study-1 is succeeded, but has a checkpoint of attempt 1"),
        Damage(
            sql: "DELETE FROM worker",
            sentence: "a row of attempt refers to one of worker that is gone"
        ),
        Damage(
            sql: """
                PRAGMA writable_schema = ON;
                DELETE FROM sqlite_master WHERE name = 'request_by_age'
                """,
            sentence: "the file is damaged: "),
    ]

    private static func world() async throws -> (StoreWorld, LeaseID) {
        let world = try StoreWorld()
        try await world.create(tasks: 3)
        let lease = try await world.leaseOne()
        try await world.succeed(world.leaseOne())
        return (world, lease)
    }

    @Test(arguments: damages)
    func `damage is told in a sentence`(damage: Damage) async throws {
        let (world, lease) = try await Self.world()
        #expect(try await world.store.brokenInvariants() == [])
        try await world.execute("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
        try await world.execute(damage.sql)
        try await world.execute("PRAGMA ignore_check_constraints = OFF")
        try world.reopen()
        let sentence = damage.sentence.replacing("LEASE", with: lease.rawValue)
        let found = try await world.store.brokenInvariants()
        #expect(found.contains { $0.hasPrefix(sentence) }, "\(found)")
    }

    /// What a row can show by itself the file does not take in the first place.
    @Test(arguments: [
        ("UPDATE task SET state = 'done'", "state_known"),
        ("UPDATE task SET state = 'leased' WHERE id = 'study-2'", "lease_iff_leased"),
        ("UPDATE task SET attemptsCharged = -1", "attempts_bounded"),
        ("UPDATE task SET trajectory = NULL WHERE id = 'study-1'", "trajectory_iff_trained"),
        ("UPDATE task SET epochsCompleted = 1 WHERE id = 'study-1'", "success_is_complete"),
        ("UPDATE task SET state = 'failed' WHERE id = 'study-2'", "failure_explained"),
        ("UPDATE attempt SET outcome = 'odd'", "outcome_known"),
        ("UPDATE attempt SET endedAt = NULL", "ended_iff_not_running"),
        ("UPDATE metric SET count = 0", "rows_counted"),
        ("UPDATE metric SET lastEpoch = 0", "epochs_count_from_1"),
        ("UPDATE task SET sweep = 'gone'", "FOREIGN KEY"),
        ("UPDATE task SET position = 0", "UNIQUE"),
    ])
    func `the file refuses a row that contradicts itself`(sql: String, constraint: String)
        async throws
    {
        let (world, _) = try await Self.world()
        await #expect {
            try await world.execute(sql)
        } throws: {
            "\($0)".contains(constraint)
        }
    }
}
