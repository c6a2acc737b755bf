public import Foundation

/// What a run left behind, all that the checker sees.
public struct Evidence: Sendable {
    public var history: History
    public var store: StoredState
    /// How many tasks each submitted sweep has.
    public var tasksPerSweep: Int
    /// How long a worker may be silent; nil where that was not the same all the time.
    public var leaseSeconds: Double?
    /// Fetched of some sweeps once nothing was left to do.
    public var reports: [Reports]
    /// Texts in which no token may stand: logs, tables, the store's file, arguments of processes.
    public var texts: [Text]
    /// With which everybody called.
    public var accessTokens: [String] = []
    /// Of a lease's token, in hexadecimal digits.
    static let secretDigits = 32
    public var bounds: Bounds

    public struct Reports: Sendable {
        public var sweep: String
        public var report: String
        /// Fetched again, with no write between.
        public var reportAgain: String
        public var history: String

        public init(sweep: String, report: String, reportAgain: String, history: String) {
            self.sweep = sweep
            self.report = report
            self.reportAgain = reportAgain
            self.history = history
        }
    }

    public struct Text: Sendable {
        public var name: String
        public var bytes: Data

        public init(name: String, bytes: Data) {
            self.name = name
            self.bytes = bytes
        }
    }

    public struct Bounds: Sendable {
        /// Nothing is left to do so long after the last fault; nil where the run did not wait.
        public var drainSeconds: Double?
        /// Fewer acknowledged calls say nothing.
        public var callsMin = 50
        public var memoryKiBMax = 512 << 10
        public var filesMax = 512
        public var logKiBMax = 64 << 10

        public init(drainSeconds: Double? = nil) { self.drainSeconds = drainSeconds }
    }

    public init(
        history: History, store: StoredState, tasksPerSweep: Int, reports: [Reports] = [],
        texts: [Text] = [], bounds: Bounds = Bounds()
    ) {
        self.history = history
        self.store = store
        self.tasksPerSweep = tasksPerSweep
        self.reports = reports
        self.texts = texts
        self.bounds = bounds
    }
}

/// The rules. Their numbers are those of `Reliability.md`.
public enum Invariant: String, CaseIterable, Sendable {
    /// What was acknowledged is stored, with the same bytes.
    case acknowledgedIsStored = "I1"
    /// A task has one success at most, and at the end one final state.
    case oneTerminalRecord = "I2"
    /// A call that nobody knows the outcome of is stored wholly or not at all.
    case allOrNothing = "I3"
    /// Nothing is stored that nobody asked for.
    case nothingUnexpected = "I4"
    /// Who has lost a task changes nothing of it, and is told so.
    case staleIsRefused = "I5"
    /// A repeat gets the same answer.
    case repeatsAreAlike = "I6"
    /// Attempts at a task follow one another; no two hold it at once, and none ends for a silence
    /// shorter than a lease.
    case attemptsFollow = "I7"
    /// Once the faults stop, everything ends within a bound.
    case drains = "I8"
    /// As many attempts as leases were granted, and never more than allowed.
    case attemptsAreCounted = "I9"
    /// Metric rows stand once each, without gaps.
    case metricsAreGapless = "I10"
    /// The reports say what the store says.
    case reportsAreTheStore = "I11"
    /// The file is sound, and each task is in a state that exists.
    case storeIsSound = "I12"
    /// No token stands anywhere but in calls and answers.
    case tokensStaySecret = "I13"
    /// Memory, files and log keep within their bounds.
    case resourcesAreBounded = "I14"
    /// There was enough traffic for the rest to mean something.
    case enoughTraffic = "I15"
}

public struct Violation: Sendable, CustomStringConvertible, Hashable {
    public var invariant: Invariant
    public var sentence: String

    public var description: String { "\(invariant.rawValue) \(invariant): \(sentence)" }
}
