import GRDB

/// The tables. A file of an older build, whose migrations are others, is refused by `Store`:
/// nothing has been released yet. Names of constraints are sentences,
/// because SQLite's message about a broken one is its name.
///
/// What is checked at each write has no list: for `IN` with more than two values SQLite makes a
/// table for the time of the statement, which takes longer than the write.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("2: sweeps, tasks, attempts, metrics, data sets") { database in
            try database.execute(sql: version1)
        }
        migrator.registerMigration("checkpoints") { database in
            try database.execute(sql: checkpoints)
        }
        migrator.registerMigration("suspects") { try $0.execute(sql: suspects) }
        migrator.registerMigration("machines, and workers killed") { try $0.execute(sql: machines) }
        migrator.registerMigration("commit mark") { try $0.execute(sql: commitMark) }
        migrator.registerMigration("files of data sets") { try $0.execute(sql: datasetFiles) }
        migrator.registerMigration("staged sweeps") { try $0.execute(sql: stagedSweeps) }
        migrator.registerMigration("kernels of workers") { database in
            try database.execute(sql: "ALTER TABLE worker ADD COLUMN kernels TEXT")
        }
        return migrator
    }

    private static let version1 = """
        CREATE TABLE dataset (
            name          TEXT    NOT NULL PRIMARY KEY,
            digest        TEXT    NOT NULL,
            bytes         INTEGER NOT NULL,
            trainExamples INTEGER NOT NULL,
            testExamples  INTEGER NOT NULL,
            features      INTEGER NOT NULL,
            addedAt       INTEGER NOT NULL,
            CONSTRAINT digest_is_sha256 CHECK (length(digest) = 64)
        ) STRICT;

        CREATE TABLE sweep (
            number        INTEGER PRIMARY KEY,
            id            TEXT    NOT NULL UNIQUE,
            name          TEXT    NOT NULL,
            specification TEXT    NOT NULL,
            -- Whether results of the same content are taken from, and for, other sweeps.
            sharesResults INTEGER NOT NULL,
            -- The sweep's rule to stop tasks early, as JSON; NULL where it has none.
            halving       TEXT,
            createdAt     INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sweep_by_name ON sweep (name);

        -- What the report says of a gate, once for all the tasks that have it.
        CREATE TABLE gate (
            number INTEGER PRIMARY KEY,
            cells  TEXT NOT NULL UNIQUE
        ) STRICT;

        CREATE TABLE task (
            number          INTEGER PRIMARY KEY,
            sweep           TEXT    NOT NULL REFERENCES sweep (id),
            position        INTEGER NOT NULL,
            id              TEXT    NOT NULL,
            dataDigest      TEXT    NOT NULL,
            gate            INTEGER NOT NULL REFERENCES gate (number),
            epochs          INTEGER NOT NULL,
            stopsEarly      INTEGER NOT NULL,
            state           TEXT    NOT NULL DEFAULT 'ready',
            attempt         INTEGER NOT NULL DEFAULT 0,
            attemptsCharged INTEGER NOT NULL DEFAULT 0,
            attemptMax      INTEGER NOT NULL,
            lease           TEXT,
            epochsCompleted INTEGER NOT NULL DEFAULT 0,
            trajectory      TEXT,
            -- The first epoch whose training loss was not finite; also of a result that is cached.
            divergedEpoch   INTEGER,
            -- Why the sweep's halving stopped it.
            prunedReason    TEXT,
            error           TEXT,
            -- The task whose result this one has.
            source          INTEGER REFERENCES task (number),

            UNIQUE (sweep, position),
            -- In this order: tasks of the same content are looked for in all sweeps.
            UNIQUE (id, sweep),
            CONSTRAINT state_known CHECK
                (state = 'ready' OR state = 'leased' OR state = 'succeeded' OR state = 'diverged'
                    OR state = 'failed' OR state = 'cancelled'
                    OR state = 'cached' OR state = 'pruned'),
            CONSTRAINT source_iff_cached CHECK ((state = 'cached') = (source IS NOT NULL)),
            CONSTRAINT lease_iff_leased CHECK ((state = 'leased') = (lease IS NOT NULL)),
            CONSTRAINT attempts_bounded CHECK
                (attemptsCharged BETWEEN 0 AND attemptMax AND attemptsCharged <= attempt),
            CONSTRAINT trajectory_iff_trained CHECK
                ((state = 'succeeded' OR state = 'diverged' OR state = 'cached')
                    = (trajectory IS NOT NULL)),
            CONSTRAINT success_is_complete CHECK
                (trajectory IS NULL OR epochsCompleted = epochs
                    OR ((stopsEarly OR divergedEpoch IS NOT NULL)
                        AND epochsCompleted BETWEEN 1 AND epochs)),
            CONSTRAINT divergence_dated CHECK
                ((state = 'diverged' AND divergedEpoch IS NOT NULL)
                    OR (state <> 'diverged' AND (state = 'cached' OR divergedEpoch IS NULL))),
            CONSTRAINT divergence_within_training CHECK
                (divergedEpoch IS NULL OR divergedEpoch BETWEEN 1 AND epochsCompleted),
            CONSTRAINT pruning_explained CHECK
                ((state = 'pruned') = (prunedReason IS NOT NULL)),
            CONSTRAINT failure_explained CHECK (state <> 'failed' OR error IS NOT NULL)
        ) STRICT;
        CREATE INDEX task_ready ON task (number) WHERE state = 'ready';

        -- Apart from `task`, whose rows change often and are counted often: they stay small.
        CREATE TABLE configuration (
            task INTEGER PRIMARY KEY REFERENCES task (number),
            json TEXT    NOT NULL
        ) STRICT;

        -- A lease's id says its task and number: see LeasePlace.
        CREATE TABLE attempt (
            task      INTEGER NOT NULL REFERENCES task (number),
            number    INTEGER NOT NULL,
            lease     TEXT    NOT NULL,
            worker    TEXT    NOT NULL REFERENCES worker (name),
            outcome   TEXT    NOT NULL DEFAULT 'running',
            error     TEXT,
            startedAt INTEGER NOT NULL,
            endedAt   INTEGER,

            PRIMARY KEY (task, number),
            CONSTRAINT outcome_known CHECK
                (outcome = 'running' OR outcome = 'succeeded' OR outcome = 'diverged'
                    OR outcome = 'failed' OR outcome = 'lost' OR outcome = 'handed_back'
                    OR outcome = 'cancelled' OR outcome = 'pruned'),
            CONSTRAINT ended_iff_not_running CHECK ((outcome = 'running') = (endedAt IS NULL))
        ) STRICT, WITHOUT ROWID;

        -- The metric rows of one call, as `MetricBatch` writes them; `first` is the number of its
        -- first row within the attempt.
        CREATE TABLE metric (
            number    INTEGER PRIMARY KEY,
            task      INTEGER NOT NULL REFERENCES task (number),
            attempt   INTEGER NOT NULL,
            first     INTEGER NOT NULL,
            count     INTEGER NOT NULL,
            lastEpoch INTEGER NOT NULL,
            rows      BLOB    NOT NULL,

            UNIQUE (task, attempt, first),
            CONSTRAINT rows_counted CHECK (first >= 0 AND count >= 1),
            CONSTRAINT epochs_count_from_1 CHECK (lastEpoch >= 1)
        ) STRICT;
        CREATE INDEX metric_by_epoch ON metric (task, attempt, lastEpoch);

        -- What tasks came to at the rungs of their sweep's halving: each task once at each rung.
        CREATE TABLE rung (
            sweep TEXT    NOT NULL REFERENCES sweep (id),
            epoch INTEGER NOT NULL,
            task  INTEGER NOT NULL REFERENCES task (number),
            -- The bits of a float32.
            value INTEGER NOT NULL,
            PRIMARY KEY (sweep, epoch, task)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE worker (
            name        TEXT    NOT NULL PRIMARY KEY,
            host        TEXT    NOT NULL,
            firstSeenAt INTEGER NOT NULL
        ) STRICT;

        -- What was answered to each call that changed something, so that a repeat is answered
        -- alike.
        CREATE TABLE request (
            id          TEXT    NOT NULL PRIMARY KEY,
            fingerprint TEXT    NOT NULL,
            answer      TEXT    NOT NULL,
            at          INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX request_by_age ON request (at);
        """
    private static let checkpoints = """
        ALTER TABLE sweep ADD COLUMN checkpointEveryEpochs INTEGER
            CONSTRAINT checkpoints_seldom_enough CHECK (checkpointEveryEpochs >= 1);

        -- What a task under way goes on from: at most one each, in a file of its own.
        CREATE TABLE checkpoint (
            task            INTEGER PRIMARY KEY REFERENCES task (number),
            attempt         INTEGER NOT NULL,
            epochsCompleted INTEGER NOT NULL,
            digest          TEXT    NOT NULL,
            bytes           INTEGER NOT NULL,
            file            TEXT    NOT NULL UNIQUE,
            CONSTRAINT checkpoint_digest_is_sha256 CHECK (length(digest) = 64),
            CONSTRAINT checkpoint_after_an_epoch CHECK (epochsCompleted >= 0)
        ) STRICT;

        -- A failed task keeps its own, for the case that a person wants it tried again.
        CREATE TRIGGER checkpoint_ends_with_task AFTER UPDATE OF state ON task
            WHEN NEW.state = 'succeeded' OR NEW.state = 'diverged' OR NEW.state = 'cancelled'
                OR NEW.state = 'cached' OR NEW.state = 'pruned'
            BEGIN DELETE FROM checkpoint WHERE task = NEW.number; END;
        """
}
