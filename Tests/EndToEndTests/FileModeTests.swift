import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// What coordinators and workers store is their user's alone, whatever the umask says.
    @Suite struct FileModeTests {
        @Test func `a wide umask opens no file to other users`() async throws {
            try await Deployment.run { deployment in
                deployment.options.prefix = ["/bin/sh", "-c", #"umask 0; exec "$0" "$@""#]
                deployment.options.leaseSeconds = 60
                try await deployment.startCoordinator()
                try deployment.write(TinySweep.endless, to: "endless.yaml")
                _ = try await deployment.output(of: "submit", "endless.yaml")
                let worker = try deployment.startWorker("--cache-dir", "stored")
                try await eventually("it trains", log: { worker.log }) {
                    try await deployment.status(of: "endless").epochsCompleted > 0
                }
                // The data set, the journal and the store are there by now.
                for folder in ["data", "stored"] {
                    let path = deployment.folder.path + "/" + folder
                    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
                    #expect(names.count > 2, "\(folder): \(names)")
                    for name in [""] + names {
                        guard let status = FileStatus(of: "\(path)/\(name)") else { continue }
                        #expect(status.permissions & 0o077 == 0, "\(folder)/\(name)")
                    }
                }
            }
        }
    }
}
