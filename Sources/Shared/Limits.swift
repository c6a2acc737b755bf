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
    /// An attempt of more rows has them read beside the store's writing, not within it.
    public static let rowsReadWhileWritingMax = 1_000
    public static let metricsPerRowMax = 64
    public static let errorTextBytesMax = 4_096
    public static let leaseWaitSecondsMax = 60
    public static let hostNameBytesMax = 255
    public static let slotsPerWorkerMax = 1_024
    /// Workers that called since the coordinator started; beyond, the longest silent is forgotten.
    public static let workersSeenMax = 10_000
    public static let commitBatchMax = 256
    /// Pages of 4 KiB in the write-ahead log before they are carried over to the file.
    public static let walPagesMax = 8_192
    public static let pageCacheKilobytesMax = 32_768
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
    /// How long a worker that was told to stop tries to reach a coordinator that is away.
    public static let partingSecondsMax = 10.0
    /// A pause after a failed call for tasks, so that a refusal is not repeated in a tight loop.
    public static let refusedPauseSeconds = 5.0
}
