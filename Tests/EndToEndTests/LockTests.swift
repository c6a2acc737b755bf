import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// File systems whose locks are missing or have no effect, as a library before the system's.
    @Suite struct LockTests {
        private static let source = """
            #include <errno.h>
            #include <stdlib.h>
            int flock(int file, int operation) {
                if (getenv("TEST_LOCKS_GRANT")) return 0;
                errno = ENOSYS;
                return -1;
            }
            """

        private enum Locks: CaseIterable {
            case missing, withoutEffect

            var reason: String {
                self == .missing ? "Function not implemented" : "flock grants one lock twice"
            }
        }

        /// What a process's environment needs.
        private static func environment(_ locks: Locks, _ deployment: Deployment) async throws
            -> [String: String]
        {
            let library = deployment.folder.appending(path: "flock.so").path
            try deployment.write(source, to: "flock.c")
            let compiler = try deployment.start(
                URL(filePath: "/usr/bin/env"),
                ["clang", "-shared", "-fPIC", "-o", library, "flock.c"])
            guard try await compiler.exit() == .code(0) else { throw TestFailure(compiler.log) }
            return ["LD_PRELOAD": library].merging(
                locks == .withoutEffect ? ["TEST_LOCKS_GRANT": "1"] : [:]
            ) { $1 }
        }

        @Test(arguments: Locks.allCases)
        private func `a coordinator names the file system, and starts on no such one`(
            locks: Locks
        ) async throws {
            try await Deployment.run { deployment in
                let coordinator = try deployment.start(
                    "gdln-coordinator",
                    ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"],
                    environment: try await Self.environment(locks, deployment))
                guard case .code(let code) = try await coordinator.exit() else {
                    throw TestFailure(coordinator.log)
                }
                #expect(code != 0)
                #expect(coordinator.errors.contains("has no working file locks"))
                #expect(coordinator.errors.contains(locks.reason))
                #expect(!coordinator.errors.contains("using"), "\(coordinator.errors)")
            }
        }

        @Test(arguments: Locks.allCases)
        private func `workers leave a live one's journals alone, and deliver a dead one's`(
            locks: Locks
        ) async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let environment = try await Self.environment(locks, deployment)
                let yaml = TinySweep.yaml.replacing(
                    "epochs: \(TinySweep.epochs)", with: "epochs: 100000")
                try deployment.write(yaml, to: "long.yaml")
                _ = try await deployment.output(of: "submit", "long.yaml")
                func start() throws -> TestProcess {
                    try deployment.start(
                        "gdln-worker",
                        [
                            "run", "--coordinator", deployment.address, "--slots", "1",
                            "--cache-dir", "cache",
                        ], environment: environment)
                }
                let first = try start()
                try await eventually("it trains", log: { first.log }) {
                    Self.journals(deployment).count == 1
                }
                #expect(first.errors.contains("no working file locks"), "\(first.errors)")
                #expect(first.errors.contains(locks.reason))
                let known = Self.journals(deployment)
                // A worker looks for the dead before it asks for a task.
                let second = try start()
                try await eventually("the second trains", log: { second.log }) {
                    Self.journals(deployment).count == 2
                }
                #expect(Self.journals(deployment).isSuperset(of: known))
                #expect(!second.errors.contains("had not ended"), "\(second.errors)")
                first.kill()
                let third = try start()
                try await eventually("the dead one is reported", log: { third.log }) {
                    Self.journals(deployment).isDisjoint(with: known)
                }
            }
        }

        private static func journals(_ deployment: Deployment) -> Set<String> {
            let spool = deployment.folder.appending(path: "cache/spool")
            let files = FileManager.default.enumerator(at: spool, includingPropertiesForKeys: nil)
            return Set(
                (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "journal" }
                    .map(\.lastPathComponent))
        }
    }
}
