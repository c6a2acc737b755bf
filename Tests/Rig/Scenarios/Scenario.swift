public import Foundation
import Shared
import TestSupport

/// One kind of fault, done again and again to a running system, and what must hold at the end.
public struct Scenario: Sendable {
    public let name: String
    /// For people: what is done.
    public let fault: String
    public let needs: [Need]
    /// How many faults in the run that every change goes through.
    public let cyclesQuick: Int
    /// How many in one run of a long test; it makes as many runs as it has time for.
    public let cyclesLong: Int
    let body: @Sendable (Input) async throws -> Outcome

    public struct Input: Sendable {
        public var seed: UInt64
        public var cycles: Int
        /// How many leases are held at once where that matters; a multiple of 5,000 if it is more.
        public var leases = 5_000
        /// Where the executables lie, if not beside the running one.
        public var executables: URL?
        /// For the coordinator.
        public var environment: [String: String] = [:]
        /// Where the history of a run that failed is kept; nil: nowhere.
        public var keep: URL?

        public init(seed: UInt64, cycles: Int) {
            self.seed = seed
            self.cycles = cycles
        }

        /// Who tries again until it is told to stop would, of a coordinator that is broken, never
        /// be answered: far more than a sound one needs on a busy machine.
        var secondsMax: Double { 900 + 60 * Double(cycles) + Double(leases) / 20 }
    }

    public struct Outcome: Sendable {
        /// What went wrong, a sentence each; empty where all held.
        public var failures: [String]
        /// Figures for people.
        public var notes: [String]
        /// How many faults were done.
        public var cycles: Int
    }

    public func run(_ input: Input) async -> Outcome {
        do {
            return try await body(input)
        } catch {
            return Outcome(failures: ["\(error)"], notes: [], cycles: input.cycles)
        }
    }

    public static let all: [Scenario] = [
        .coordinatorKill, .workerKill, .workerPause, .bothKill, .sleepers, .requests,
        .restartStorm, .absence, .powerCut, .powerCutControl, .diskFull, .failedSync, .readOnly,
        .brokenCall, .partition, .clockJumps, .drain, .massExpiry, .twoCoordinators,
    ]

    public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}

extension Scenario {
    /// A scenario on a deployment of its own; its failures are the checker's sentences and those
    /// that it throws.
    init(
        _ name: String, _ fault: String, needs: [Need] = [], quick: Int, long: Int,
        _ body: @escaping @Sendable (RigRun) async throws -> [Violation]
    ) {
        self.name = name
        self.fault = fault
        self.needs = needs
        cyclesQuick = quick
        cyclesLong = long
        self.body = { input in
            try await Deployment.run { deployment in
                let run = try RigRun(deployment, input)
                var failures: [String]
                let control = run.control
                let watch = Task {
                    try await Task.sleep(for: .seconds(input.secondsMax))
                    control.giveUp()
                }
                do {
                    failures = try await body(run).map(\.description)
                } catch {
                    failures = ["\(error)"]
                }
                watch.cancel()
                control.stop()
                if control.isOverdue {
                    failures.append("not done after \(Int(input.secondsMax)) s")
                }
                if !failures.isEmpty { try run.keepFiles(name) }
                return Outcome(failures: failures, notes: run.notes, cycles: input.cycles)
            }
        }
    }
}

extension RigRun {
    /// For whoever looks for the cause.
    fileprivate func keepFiles(_ name: String) throws {
        guard let keep = input.keep else { return }
        let target = keep.appending(path: "\(name)-\(input.seed)")
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let names = try FileManager.default.contentsOfDirectory(atPath: deployment.folder.path)
        for name in names where [".jsonl", ".err", ".out"].contains(where: name.hasSuffix) {
            try FileManager.default.copyItem(
                at: deployment.folder.appending(path: name), to: target.appending(path: name))
        }
        let store = dataDirectory + "/coordinator.sqlite"
        for suffix in ["", "-wal", "-mark"]
        where FileManager.default.fileExists(atPath: store + suffix) {
            try FileManager.default.copyItem(
                at: URL(filePath: store + suffix),
                to: target.appending(path: "coordinator.sqlite" + suffix))
        }
    }
}
