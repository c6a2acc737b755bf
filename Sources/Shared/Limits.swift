/// Every bound in the system, in one place, so that nothing grows without one and a reader can see
/// how they stand to each other. The unit is in the name; counts have none.
public enum Limits {
    // A sweep file, and what it expands to.
    public static let sweepFileBytesMax = 1 << 20
    public static let sweepNestingMax = 16
    public static let jsonNestingMax = 64
    public static let tasksPerSweepMax = 100_000
    public static let axesPerSweepMax = 32
    public static let nameCharactersMax = 128
    public static let attemptsMax = 100
    public static let attemptsDefault = 3
    /// More of them at once help nobody.
    public static let mistakesReportedMax = 20

    // A network and its training.
    public static let domainsMax = 1_000
    public static let classesMax = 64
    public static let hiddenWidthMax = 16_384
    public static let layersMax = 16
    public static let batchSizeMax = 4_096
    public static let epochsMax = 1_000_000
    public static let parametersMax = 1 << 32
    public static let replayRowsMax = 1_000_000
    /// Of one training.
    public static let threadsMax = 256
    /// Learning rates, gains and the like: well inside what a float32 holds.
    public static let numberMagnitudeMax = 1e30

    // Files.
    public static let datasetBytesMax = 1 << 32
    public static let datasetExamplesMax = 10_000_000
    public static let datasetNumbersPerExampleMax = 1 << 20
    /// One file of a data set before and after gunzip: EMNIST's largest has 547 MB.
    public static let datasetSourceFileBytesMax = 1 << 30
    public static let tensorsPerFileMax = 65_536
    public static let tensorHeaderBytesMax = 16 << 20

    // Checkpoints, of one training each.
    public static let checkpointBytesMax = 1 << 33
    public static let checkpointTransferSecondsMax = 800.0
    /// A transfer that comes to a stop for so long is broken off, and tried again.
    public static let checkpointStallSecondsMax = 60
    /// A training is kept at least so often, whatever the sweep says of epochs.
    public static let checkpointSecondsMax = 300.0
    /// How long a training waits for a checkpoint to arrive before it goes on.
    public static let checkpointPauseSecondsMax = 1.0
    /// Of one task on a worker's disk: the last, and one to fall back on.
    public static let checkpointsKeptPerTask = 2
    /// A coordinator's disk is left this much for what matters more than checkpoints: results.
    public static let freeBytesBesideCheckpoints = 64 << 20
    /// How often a coordinator looks for checkpoints that nobody needs any more.
    public static let checkpointSweepSeconds = 10.0

    // A call from a client.
    public static let connectTimeoutMilliseconds = 5_000
    public static let connectionLifetimeSeconds = 600
    /// Shorter than the server keeps an idle connection, so that the client closes first.
    public static let connectionIdleSecondsMax = 50
    public static let responseBytesMax = 16 << 20
    public static let retryAfterSecondsMax = 300.0
    public static let retryDelaySecondsMax = 15.0

    public static let datasetTransferSecondsMax = 600.0
    public static let reportBytesMax = 1 << 31
    public static let reportSecondsMax = 600.0

    // The coordinator.
    public static let requestBodyBytesMax = 2 << 20
    public static let rowsPerRequestMax = 1_000
    public static let metricsPerRowMax = 64
    public static let errorTextBytesMax = 4_096
    public static let leaseWaitSecondsMax = 60
    public static let hostNameBytesMax = 255
    public static let slotsPerWorkerMax = 1_024
    /// Workers that called since the coordinator started; beyond, the longest silent is forgotten.
    public static let workersSeenMax = 10_000
    public static let commitBatchMax = 256
    public static let connectionsMax = 4_096
    public static let connectionIdleSeconds = 60
    public static let requestRecordHoursMax = 24
    public static let drainSecondsMax = 8

    // A lease. A worker makes three calls a lease, so that two may get lost.
    public static let leaseSecondsDefault = 30.0
    public static let leaseSecondsMin = 0.5
    public static let leaseSecondsMax = 86_400.0
    public static let heartbeatsPerLease = 3.0

    // A worker.
    /// How long one call for a task is held open while there is none; SIGTERM waits for its end.
    public static let leaseWaitSecondsDefault = 5
    /// How long a worker that was told to stop may take; less than the 30 s that Slurm and the 90 s
    /// that systemd grant.
    public static let graceSecondsDefault = 20.0
    public static let graceSecondsMax = 86_400.0
    /// Of that time, the part in which an epoch under way may still come to its end, and the part
    /// by which its checkpoint must have arrived.
    public static let graceShareForEpoch = 0.6
    public static let graceShareForCheckpoint = 0.85
    /// A worker that has not ended by itself so long after its grace is ended.
    public static let graceExcessSeconds = 2.0
    /// What a worker keeps of attempts that it could not settle, and of tasks it began.
    public static let daysKeptMax = 30.0
    /// How often a worker looks for what dead workers of its host have left to be delivered.
    public static let spoolSearchSeconds = 30.0
    /// A pause after a failed call for tasks, so that a refusal is not repeated in a tight loop.
    public static let refusedPauseSeconds = 5.0
    /// The pause grows with each task in a row that does not fit the host's memory, up to so many.
    public static let refusalsCountedMax = 12
}
