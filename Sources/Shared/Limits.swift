/// Every bound in the system, in one place, so that nothing grows without one and a reader can see
/// how they stand to each other. The unit is in the name; counts have none.
public enum Limits {
    // A sweep file, and what it expands to.
    public static let sweepFileBytesMax = 1 << 20
    public static let sweepNestingMax = 16
    public static let jsonNestingMax = 64
    public static let tasksPerSweepMax = 100_000
    public static let axesPerSweepMax = 32
    /// Combinations that one entry of `exclude` may stand for.
    static let exclusionsMax = 1_000
    static let rungsMax = 32
    /// How often a random search draws, by task and in all, for combinations it has not yet.
    static let drawsPerTaskMax = 20
    static let drawsMin = 1_000
    /// Of a file of gates.
    public static let gateFileBytesMax = 4 << 20
    public static let nameBytesMax = 128
    /// Thirty years: of what a person types.
    public static let durationSecondsMax: Int64 = 1_000_000_000
    /// Of a name that the domain name system has.
    public static let domainNameBytesMax = 253
    public static let attemptsMax = 100
    public static let attemptsDefault = 3
    /// So many values of each axis are read although there are mistakes already.
    public static let valuesReadBesideMistakesMax = 256
    /// More of them at once help nobody.
    public static let mistakesReportedMax = 20
    /// Warnings of one sweep that are listed; of others only the number is.
    public static let warningsReportedMax = 20

    // A network and its training.
    public static let domainsMax = 1_000
    /// Rows or columns of a gate whose class is searched for.
    public static let canonicalGateSideMax = 12
    /// Domains of gates that an axis enumerates.
    public static let enumeratedDomainsMax = 6
    /// Domains for which the classes of gates are counted: beyond, they pass all limits.
    static let countedDomainsMax = 20
    public static let classesMax = 64
    public static let hiddenWidthMax = 16_384
    public static let layersMax = 16
    public static let batchSizeMax = 4_096
    public static let epochsMax = 1_000_000
    public static let parametersMax = 1 << 32
    /// A routing network has a context for each pair of its domains.
    public static let routingDomainsMax = 128
    public static let gatedParametersMax = 1 << 24
    public static let itemsMax = 1_024
    /// Float64 numbers in the correlations of all contexts of one network, and the products that
    /// they are made of: some seconds.
    static let momentNumbersMax = 1 << 24
    static let momentProductsMax = 1 << 32
    /// Singular modes that metrics and reports tell of, the strongest first.
    public static let reportedModesMax = 6
    /// Of these, the modes whose number in a routing network's hidden matrix is told, and how wide
    /// that may be: all its singular values are sought at each evaluation.
    public static let reportedHiddenModesMax = 3
    public static let measuredHiddenWidthMax = 128
    /// Pathways, by their hidden nodes, that metrics and reports tell of.
    public static let reportedPathwaysMax = 10
    public static let graphNodesMax = 2_048
    public static let graphEdgesMax = 8_192
    public static let contextsMax = 20_000
    /// Pathways of a gated network, counted with all their beginnings.
    public static let pathBranchesMax = 200_000
    /// Pairs of pathways with one output and correlated inputs.
    public static let pathPairsMax = 4_000_000
    /// Float64 numbers that the training of one gated network may keep.
    public static let gatedNumbersMax = 1 << 27
    /// Steps of the gradient flow's integrator within one epoch: more than an epoch of hours takes.
    public static let flowStepsPerEpochMax = 10_000_000
    public static let replayRowsMax = 1_000_000
    /// Of the self-test before a worker's first task: more threads change no answer.
    public static let selfTestThreadsMax = 4
    /// Of one training.
    public static let threadsMax = 256
    /// Learning rates, gains and the like: well inside what a float32 holds.
    public static let numberMagnitudeMax = 1e30
    /// 2^53: up to here a float64 holds every whole number, and so do readers of JSON and CSV that
    /// have no other numbers.
    public static let float64IntegerMax = 9_007_199_254_740_992.0
    /// A nonzero number that is used as a float32 has at least this magnitude: well inside what a
    /// float32 holds, also after a division by the square root of a width.
    static let float32MagnitudeMin = 1e-30
    /// Of the ends of a distribution, but 0: what is drawn has six digits in any case.
    static let endMagnitudeMin = 1e-30

    // Files.
    /// How long a pipe may give no byte of an input, and how long an output waits for a reader.
    public static let inputSilenceSecondsMax = 10.0
    /// The configuration of one task: as much as a sweep of which it is the only one.
    public static let taskFileBytesMax = 2 << 20
    /// Certificates and keys, in PEM.
    public static let certificateFileBytesMax = 1 << 20
    /// What a coordinator keeps of its own beside its database.
    public static let stateFileBytesMax = 1 << 20
    /// Coordinators and workers have it in memory whole, for a moment twice.
    public static let datasetBytesMax = 1 << 30
    public static let datasetExamplesMax = 10_000_000
    public static let datasetNumbersPerExampleMax = 1 << 20
    /// One file of a data set before and after gunzip: EMNIST's largest has 547 MB.
    public static let datasetSourceFileBytesMax = 1 << 30
    /// Data sets whose labels' summaries a coordinator has in memory, each of at most 1 MB.
    public static let labelSummariesMax = 64
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
    /// How often a coordinator looks for checkpoints that nobody needs any more.
    public static let checkpointSweepSeconds = 10.0

    // A call from a client.
    /// A worker says within five seconds that it cannot connect. Two of TCP's repeats fit in.
    public static let connectTimeoutMilliseconds = 4_000
    /// A call that has had no answer for so much longer than it may wait for one is told of.
    public static let silenceSecondsMax = 5.0
    /// Of a call that a command can do without: the check of a dry run.
    public static let optionalConnectTimeoutMilliseconds = 2_000
    public static let optionalCallSecondsMax = 10.0
    public static let connectionLifetimeSeconds = 600
    /// Shorter than the server keeps an idle connection, so that the client closes first.
    public static let connectionIdleSecondsMax = 50
    public static let responseBytesMax = 16 << 20
    public static let retryAfterSecondsMax = 300.0
    public static let retryDelaySecondsMax = 15.0

    public static let datasetTransferSecondsMax = 600.0
    public static let reportBytesMax = 1 << 31
    public static let reportSecondsMax = 600.0

    public static let secretFileBytesMax = 4_096

    // The coordinator.
    /// Of a sweep or of metrics.
    public static let requestBodyBytesMax = 2 << 20
    /// Of all other messages.
    public static let messageBytesMax = 64 << 10
    public static let uriBytesMax = 8 << 10
    public static let headerBytesMax = 32 << 10
    public static let headersMax = 100
    public static let rowsPerRequestMax = 1_000
    /// An attempt of more rows has them read beside the store's writing, not within it.
    public static let rowsReadWhileWritingMax = 1_000
    public static let metricsPerRowMax = 96
    /// Of one row as it is stored.
    public static let rowBytesMax = 4_096
    /// Of one attempt, for each of its epochs: a worker of ours needs two.
    public static let rowsPerEpochMax = 16
    /// At one task, those included that were handed back.
    public static let attemptsBegunMax = 10_000
    /// Of all sweeps that one coordinator has.
    public static let tasksStoredMax = 10_000_000
    /// Of a word for which a near name is looked for.
    public static let lettersComparedMax = 64
    public static let errorTextBytesMax = 4_096
    public static let leaseWaitSecondsMax = 60
    public static let hostNameBytesMax = 255
    public static let slotsPerWorkerMax = 1_024
    /// Workers that called since the coordinator started; beyond, the longest silent is forgotten.
    public static let workersSeenMax = 10_000
    public static let commitBatchMax = 256
    /// Tasks of a submission that one transaction stores.
    public static let tasksPerWriteMax = 1_000
    /// Leases that one transaction takes back.
    public static let expiryBatchMax = 4_096
    /// Pages in the write-ahead log before they are carried over to the file; on a small disk as
    /// many as that part of it.
    public static let walPagesMax = 8_192
    public static let walPagesMin = 256
    public static let pageBytes = 4_096
    public static let walDiskFraction = 32
    public static let pageCacheKilobytesMax = 8_192
    /// A worker keeps one or two; 10,000 of them shall find room.
    public static let connectionsMax = 16_384
    /// Files, besides the connections' sockets, that the process may have open.
    public static let otherFilesMax = 256
    public static let requestRecordHoursMax = 24
    public static let tokensMax = 256
    public static let tokenIDDigits = 12
    /// Ten years; those without an end are valid until they are revoked.
    public static let tokenSecondsMax: Int64 = 315_576_000
    /// Of one token: a person's programs, a coordinator's owner, and what a worker's token may do
    /// at most.
    public static let personRequestsPerSecond = 50.0
    public static let personRequestBurst = 200.0
    public static let adminRequestsPerSecond = 500.0
    public static let adminRequestBurst = 2_000.0
    /// Of all tokens of people together; an owner's are not counted.
    public static let peopleRequestsPerSecond = 1_000.0
    public static let peopleRequestBurst = 4_000.0
    public static let workerRequestsPerSecond = 50_000.0
    public static let workerRequestBurst = 100_000.0
    /// Uploads leave so much of the disk free, or that part of a small one.
    public static let diskReserveBytes = 1 << 30
    public static let diskReserveFraction = 20
    public static let fullDiskRetrySeconds = 10
    /// Reports that are being written or read at once: each is a file of its own until then.
    public static let reportsAtOnceMax = 16
    public static let reportsAtOncePerTokenMax = 4
    /// Reports that read from the store at one time; the others wait for their turn.
    public static let reportReadersMax = 2
    /// Readers of the store for all other calls.
    public static let readersMax = 4
    /// Bodies of requests, of all connections together, and of one token.
    public static let bodyBytesInMemoryMax = 128 << 20
    public static let bodyBytesInMemoryPerTokenMax = 32 << 20
    /// A cluster's workers may share one token.
    public static let bodyBytesInMemoryOfWorkersMax = 64 << 20
    /// Sweeps that are being read, planned and stored, one after the other.
    public static let submissionsAtOnceMax = 16
    public static let submissionsAtOncePerTokenMax = 4
    /// After this time without its sender a submission is cancelled: longer than a client pauses
    /// before it connects again.
    public static let abandonedSubmissionSeconds = 25.0
    /// Data sets that are being received.
    public static let uploadsAtOnceMax = 8
    public static let uploadsAtOncePerTokenMax = 2
    /// The part of the disk that the data sets of one token may take; of an admin's more.
    public static let datasetDiskFraction = 4
    public static let datasetDiskFractionOfAdmins = 2
    /// Lines about refused calls in the log, of one kind in this time.
    public static let refusalsLoggedMax = 10
    public static let refusalLogSeconds = 60.0
    /// Unfinished sweeps that a refusal to remove their data names.
    public static let sweepsNamedMax = 10
    /// How many of a sweep's damaged tasks a refused report names.
    public static let damagedTasksNamedMax = 10
    // What spreadsheets read of a file; commands warn of outputs beyond.
    public static let spreadsheetRowsMax = 1_048_576
    public static let spreadsheetColumnsMax = 16_384
    /// UTF-16 code units of one cell.
    public static let spreadsheetCellUnitsMax = 32_767
    /// Of one number.
    public static let spreadsheetDigitsMax = 15
    /// A report may always have so much of the disk, whatever is left.
    public static let smallReportBytes = 16 << 20

    // A connection. Whoever is slower is cut off.
    public static let deadlineCheckSeconds = 1.0
    /// From the connection, with its encryption, to the end of the first request's head.
    public static let headSecondsMax = 10.0
    /// From one request's end to the end of the next one's head.
    public static let connectionIdleSeconds = 60.0
    public static let bodySecondsMax = 30.0
    /// Longer than a client of ours tries.
    public static let uploadSecondsMax = 900.0
    public static let transferSecondsMax = 900.0
    /// Longer than a worker's wait for a task.
    public static let answerSecondsMax = 120.0
    /// So long a client may be as slow as it likes.
    public static let slowGraceSeconds = 10.0
    public static let bytesPerSecondMin = 1_024.0
    /// To read an answer that came before the request was sent whole.
    public static let lingerSecondsMax = 2.0

    // The end of a coordinator: calls under way may end, then their connections are closed, then
    // the process ends whatever it is doing. What was acknowledged is on disk.
    public static let drainGraceSeconds = 5.0
    public static let endSecondsMax = 8

    // A lease. A worker makes three calls a lease, so that two may get lost.
    public static let leaseSecondsDefault = 30.0
    public static let leaseSecondsMin = 0.5
    public static let leaseSecondsMax = 86_400.0
    public static let heartbeatsPerLease = 3.0
    /// Of one call, where nothing else is said. One about a lease may take a heartbeat's interval
    /// and its body's time on a slow line, and always a little.
    public static let callSecondsMax = 30.0
    public static let leaseCallSecondsMin = 2.0
    public static let slowestBytesPerSecond = 65_536.0

    // A suspect host. It is set aside after so many tasks in a row have failed on it, while others
    // trained so many of the same sweeps' tasks, and a failure of theirs stood beside at least so
    // many successes.
    public static let suspectFailuresMin = 5
    /// Attempts that one failed task of a host stands for, and that are given back: the newest.
    public static let failuresHeldMax = 4_096
    public static let suspectOthersSucceededMin = 3
    public static let suspectOthersSucceededPerFailure = 4
    /// Newest outcomes that are remembered of each host, one a task.
    public static let outcomesPerHostMax = 32
    public static let hostsRememberedMax = 10_000
    /// Hosts refused for their self-test that are shown; beyond, the oldest is forgotten.
    public static let refusedHostsMax = 1_000
    public static let selfTestCasesMax = 64

    // Tasks run again on another host.
    public static let recheckShareDefault = 0.01
    /// A worker that has called since is here: where no other machine's is, people are told.
    public static let presentSecondsMax = 120.0
    /// How often the coordinator's log is told why tasks wait to be run again, if that changes.
    public static let obstacleSearchSeconds = 5.0
    /// Differences that a sweep's status names.
    public static let differencesReportedMax = 20

    // What a process writes for people.
    /// Of log lines that are not written yet; what comes beyond is dropped.
    public static let logBytesWaitingMax = 1 << 20
    /// How long a process that ends waits for its log to be written.
    public static let logFlushMilliseconds = 500
    /// A day: how long `watch` waits for a coordinator that is away.
    public static let watchOutageSecondsMax = 86_400.0
    public static let watchPauseSecondsMax = 15.0

    // A worker.
    /// How often a worker repeats that it cannot reach its coordinator, or gets no task.
    public static let noticeSecondsMin = 60.0
    /// A second outage within that time is told of once it has lasted so long.
    public static let outageSecondsMin = 2.0
    /// Attempts of one task that do not count although they ended with their worker, which had
    /// others under way. More than one may: a task may wait for its turn beside the guilty one.
    public static let killsForgivenMax = 3
    /// Selections of examples that a worker remembers to have warned of.
    public static let selectionsRememberedMax = 1_000
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
    /// How often a worker looks for what dead workers of its host have left to be delivered: sooner
    /// than a lease is over, after which others would get their tasks.
    public static let spoolSearchSeconds = 10.0
    /// How long a worker waits for the first of these searches before it asks for a task.
    public static let forsakenWaitSecondsMax = 30.0
    /// A data set or checkpoint that a coordinator does not give, though it takes the heartbeats
    /// between the tries, is given up after so many.
    public static let fetchTriesMax = 3
    /// How long a worker tries to tell the coordinator that its self-test came out wrong.
    public static let partingSecondsMax = 10.0
    /// A worker whose host is set aside asks again after twice the pause of before, up to this.
    public static let setAsidePauseSecondsMax = 60.0
    /// A pause after a failed call for tasks, so that a refusal is not repeated in a tight loop.
    public static let refusedPauseSeconds = 5.0
    /// The pause grows with each task in a row that does not fit the host's memory, up to so many.
    public static let refusalsCountedMax = 12
}
