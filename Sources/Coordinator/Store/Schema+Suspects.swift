/// The tables about hosts that are not trusted, and about tasks that are run again.
extension Schema {
    static let suspects = """
        CREATE TABLE hostSetAside (
            host   TEXT    NOT NULL PRIMARY KEY,
            reason TEXT    NOT NULL,
            at     INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Whose self-test came out wrong, the newest worker of each host and kind of kernels.
        CREATE TABLE hostRefused (
            host    TEXT    NOT NULL,
            kernels TEXT    NOT NULL,
            worker  TEXT    NOT NULL,
            reason  TEXT    NOT NULL,
            at      INTEGER NOT NULL,
            PRIMARY KEY (host, kernels)
        ) STRICT, WITHOUT ROWID;

        -- A sweep's rechecks are tasks like others, of a sweep of their own that nobody sees.
        ALTER TABLE sweep ADD COLUMN recheckOf TEXT REFERENCES sweep (id);
        CREATE UNIQUE INDEX sweep_recheck ON sweep (recheckOf) WHERE recheckOf IS NOT NULL;

        -- A task that another host is to run again. `rerun` is that second task, once it has begun.
        -- How it came out is told by the two trajectories.
        CREATE TABLE recheck (
            task   INTEGER PRIMARY KEY REFERENCES task (number),
            rerun  INTEGER UNIQUE REFERENCES task (number),
            -- Cleared some time after the end, so that what is over need not be looked at.
            isOpen INTEGER NOT NULL DEFAULT 1,
            CONSTRAINT open_or_run CHECK (isOpen = 1 OR rerun IS NOT NULL)
        ) STRICT;
        CREATE INDEX recheck_open ON recheck (task) WHERE isOpen = 1;
        """

    static let machines = """
        -- Of the machine's kernel since it started; NULL: unknown.
        ALTER TABLE worker ADD COLUMN bootID TEXT;

        -- Attempts that were under way beside others when their worker was killed, and do not
        -- count. From the first of them on, the task is trained alone.
        ALTER TABLE task ADD COLUMN killsForgiven INTEGER NOT NULL DEFAULT 0;
        """
}
