import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// The coordinator is away or elsewhere, or the environment is not as it was meant: what
    /// processes say, and that they wait.
    @Suite struct OutageTests {
        private static func write(_ join: Join, to name: String, in deployment: Deployment) throws {
            let path = deployment.folder.path + "/" + name
            try Data(join.text.utf8).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }

        @Test func `a worker says why it reaches nobody, and follows its join file`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator("--tls")
                let known = try deployment.join(.worker)
                let worker = try deployment.startWorker("--join-file", "join")
                func says(_ words: String) async throws {
                    try await eventually("it says '\(words)'", log: { worker.log }) {
                        worker.errors.contains(words)
                    }
                }
                try await says("cannot reach the coordinator: the join file 'join' is not there")
                let nobody = "https://127.0.0.1:9"
                try Self.write(
                    Join(address: nobody, token: known.token, pin: known.pin), to: "join",
                    in: deployment)
                try await says("cannot reach the coordinator at \(nobody): ")
                let stranger = AccessToken(role: .worker) { 1 }
                try Self.write(
                    Join(address: known.address, token: stranger, pin: known.pin), to: "join",
                    in: deployment)
                try await says("the token is not accepted by the coordinator at \(known.address): ")
                try Self.write(known, to: "join", in: deployment)
                try await says("notice gdln-worker: reached the coordinator at \(known.address)\n")
                #expect(!worker.errors.contains("no task"), "\(worker.log)")
            }
        }

        @Test func `a worker in mid-task follows a coordinator that moves, and says so`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let old = try deployment.join(.worker)
                try Self.write(old, to: "join", in: deployment)
                let worker = try deployment.startWorker("--join-file", "join")
                try await TinySweep.submit(to: deployment, holdingInMidTask: worker)
                deployment.coordinator?.kill()
                worker.send(SIGCONT)
                try await eventually("it says so", log: { worker.log }) {
                    worker.errors.contains("cannot reach the coordinator at \(old.address): ")
                }
                // Another port and another certificate; the last option counts.
                try await deployment.startCoordinator("--listen", "127.0.0.1:0", "--tls")
                let new = try deployment.join(.worker)
                #expect(new.address != old.address && new.pin != old.pin)
                try Self.write(new, to: "join", in: deployment)
                _ = try await TinySweep.finish(on: deployment)
                let report = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                #expect(Set(Table(report).column("attempts")) == ["1"], "\(worker.log)")
                #expect(worker.errors.contains("reached the coordinator at \(new.address) again"))
            }
        }

        @Test func `watch waits for a coordinator that is restarted, and says so once`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let nobody = try await deployment.command(
                    "watch", "x", "--coordinator", "http://127.0.0.1:9")
                #expect(nobody.exit == .code(69))
                try deployment.write(TinySweep.yaml, to: "tiny.yaml")
                let watches = [
                    try deployment.start("gdln-coordinator", ["submit", "tiny.yaml", "--watch"])
                ]
                try await eventually("it is watched", log: { watches[0].log }) {
                    watches[0].output.contains("0 of 12 done")
                }
                let second = try deployment.start("gdln-coordinator", ["watch", TinySweep.name])
                try await eventually("it is watched", log: { second.log }) {
                    second.output.contains("0 of 12 done")
                }
                let coordinator = try #require(deployment.coordinator)
                coordinator.send(SIGTERM)
                try await coordinator.exit()
                for watch in watches + [second] {
                    try await eventually("it waits", log: { watch.log }) {
                        watch.errors.contains("waiting for the coordinator: ")
                    }
                }
                try await deployment.startCoordinator()
                _ = try deployment.startWorker()
                for watch in watches + [second] {
                    #expect(try await watch.exit() == .code(0), "\(watch.log)")
                    #expect(watch.errors.split(separator: "\n").count == 1, "\(watch.log)")
                }
            }
        }

        // MARK: - The environment

        @Test func `empty variables count as unset`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let home = deployment.folder.path
                let empty = [
                    "GDLN_JOIN", "GDLN_JOIN_FILE", "GDLN_KERNELS", "XDG_CACHE_HOME", "TMPDIR",
                    "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE",
                ]
                let variables = Dictionary(uniqueKeysWithValues: empty.map { ($0, "") })
                let status = try deployment.start(
                    "gdln-coordinator", ["status"], environment: variables)
                #expect(try await status.exit() == .code(0), "\(status.log)")
                let worker = try deployment.start(
                    "gdln-worker", ["run", "--idle-exit", "1s"],
                    environment: variables.merging(["HOME": home]) { $1 })
                #expect(try await worker.exit() == .code(0), "\(worker.log)")
                #expect(
                    FileManager.default.fileExists(atPath: home + "/.cache/gdln-worker/spool"))
                let without = try deployment.start(
                    "gdln-worker", ["run"],
                    environment: variables.merging(["GDLN_COORDINATOR": ""]) { $1 })
                #expect(try await without.exit() == .code(64))
                #expect(without.errors.contains("Which coordinator?"), "\(without.log)")
            }
        }

        @Test func `a cache and a state folder of another user are refused in a sentence`()
            async throws
        {
            guard geteuid() == 0 else { return }
            try await Deployment.run { deployment in
                for name in ["gdln-worker", "state/gdln"] {
                    let path = deployment.folder.path + "/" + name
                    try FileManager.default.createDirectory(
                        atPath: path, withIntermediateDirectories: true)
                    #expect(chown(path, 65_534, 65_534) == 0)
                }
                let folder = deployment.folder.path
                let words = "belongs to the user 65534, and this process runs as 0; "
                for variable in ["XDG_CACHE_HOME", "TMPDIR"] {
                    let worker = try deployment.start(
                        "gdln-worker", ["run"], environment: [variable: folder])
                    #expect(try await worker.exit() == .code(1))
                    #expect(
                        worker.errors
                            == "Error: the folder '\(folder)/gdln-worker' cannot be used: it "
                            + words + "name another one with --cache-dir\n")
                }
                // It serves; only that commands find it by themselves is not to be had.
                try await deployment.startCoordinator()
                let coordinator = try #require(deployment.coordinator)
                try await eventually("it says so", log: { coordinator.log }) {
                    coordinator.errors.contains(words + "set XDG_STATE_HOME to another folder")
                }
            }
        }

        /// As Docker and Kubernetes mount secrets.
        @Test func `a secret on a read-only mount is used whatever its mode`() async throws {
            guard geteuid() == 0 else { return }
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                try FileManager.default.createDirectory(
                    atPath: deployment.folder.path + "/secret", withIntermediateDirectories: true)
                try Self.write(try deployment.join(.admin), to: "secret/join", in: deployment)
                let path = deployment.folder.path + "/secret/join"
                #expect(chmod(path, 0o444) == 0)
                let plain = try await deployment.command("status", "--join-file", path)
                #expect(plain.exit == .code(1) && plain.errors.contains("chmod 600 it first"))
                let script = """
                    mount --bind secret secret && mount -o remount,bind,ro secret || exit 77
                    exec "$@"
                    """
                let program = Executables.directory.appending(path: "gdln-coordinator").path
                let mounted = try deployment.start(
                    URL(filePath: "/usr/bin/unshare"),
                    ["-m", "sh", "-c", script, "sh", program, "status", "--join-file", path])
                let exit = try await mounted.exit()
                // Not everywhere may root mount.
                guard exit != .code(77), exit != .code(1) || !mounted.errors.contains("unshare")
                else { return }
                #expect(exit == .code(0), "\(mounted.log)")
            }
        }
    }
}
