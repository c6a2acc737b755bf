import GRDB

/// The tables, and how an older file becomes a newer one. Names of constraints are sentences,
/// because SQLite's message about a broken one is its name.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: sweeps, tasks, attempts, metrics, data sets") { database in
            try database.execute(sql: version1)
        }
        migrator.registerMigration("checkpoints") { database in
            try database.execute(sql: checkpoints)
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
            configuration   TEXT    NOT NULL,
            dataDigest      TEXT    NOT NULL,
            gate            INTEGER NOT NULL REFERENCES gate (number),
            epochs          INTEGER NOT NULL,
            state           TEXT    NOT NULL DEFAULT 'ready',
            attempt         INTEGER NOT NULL DEFAULT 0,
            attemptsCharged INTEGER NOT NULL DEFAULT 0,
            attemptMax      INTEGER NOT NULL,
            lease           TEXT    UNIQUE REFERENCES attempt (lease),
            epochsCompleted INTEGER NOT NULL DEFAULT 0,
            trajectory      TEXT,
            error           TEXT,

            UNIQUE (sweep, position),
            UNIQUE (sweep, id),
            CONSTRAINT state_known CHECK
                (state IN ('ready', 'leased', 'succeeded', 'failed', 'cancelled')),
            CONSTRAINT lease_iff_leased CHECK ((state = 'leased') = (lease IS NOT NULL)),
            CONSTRAINT attempts_bounded CHECK
                (attemptsCharged BETWEEN 0 AND attemptMax AND attemptsCharged <= attempt),
            CONSTRAINT trajectory_iff_succeeded CHECK
                ((state = 'succeeded') = (trajectory IS NOT NULL)),
            CONSTRAINT success_is_complete CHECK
                (state <> 'succeeded' OR epochsCompleted = epochs),
            CONSTRAINT failure_explained CHECK (state <> 'failed' OR error IS NOT NULL)
        ) STRICT;
        CREATE INDEX task_ready ON task (number) WHERE state = 'ready';
        CREATE INDEX task_by_sweep_state ON task (sweep, state);

        CREATE TABLE attempt (
            lease     TEXT    NOT NULL PRIMARY KEY,
            task      INTEGER NOT NULL REFERENCES task (number),
            number    INTEGER NOT NULL,
            worker    TEXT    NOT NULL REFERENCES worker (name),
            outcome   TEXT    NOT NULL DEFAULT 'running',
            error     TEXT,
            startedAt INTEGER NOT NULL,
            endedAt   INTEGER,

            UNIQUE (task, number),
            CONSTRAINT outcome_known CHECK (outcome IN
                ('running', 'succeeded', 'failed', 'lost', 'handed_back', 'cancelled')),
            CONSTRAINT ended_iff_not_running CHECK ((outcome = 'running') = (endedAt IS NULL))
        ) STRICT;
        CREATE INDEX attempt_by_worker ON attempt (worker, outcome);

        CREATE TABLE metric (
            task     INTEGER NOT NULL REFERENCES task (number),
            attempt  INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            epoch    INTEGER NOT NULL,
            split    TEXT    NOT NULL,
            "values" TEXT    NOT NULL,

            PRIMARY KEY (task, attempt, sequence),
            CONSTRAINT split_known CHECK (split IN ('train', 'test')),
            CONSTRAINT epochs_count_from_1 CHECK (epoch >= 1)
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
            WHEN NEW.state IN ('succeeded', 'cancelled')
            BEGIN DELETE FROM checkpoint WHERE task = NEW.number; END;
        """
}
