import FoundationEssentials
import Shared
import Testing

/// A worker computes with a lease's numbers: what nobody can mean is refused when it is read.
@Suite struct LeaseTests {
    private static let lease = Lease(
        id: LeaseID(unchecked: "l"), token: LeaseToken(unchecked: "t"),
        task: SweepTaskID(unchecked: "a"), sweep: "s", attempt: 1, configuration: .object([:]),
        dataDigest: Digest(of: Data()), expiresInSeconds: 30,
        checkpoint: CheckpointReference(
            epochsCompleted: 7, digest: Digest(of: Data()), bytes: 8),
        checkpointEveryEpochs: 5)

    private static func read(_ change: (inout Lease) -> Void) throws -> Lease {
        var changed = lease
        change(&changed)
        return try WireCoding.decode(Lease.self, from: WireCoding.encode(changed))
    }

    @Test func `a lease is read as it was written`() throws {
        #expect(try Self.read { _ in } == Self.lease)
    }

    @Test func `numbers that nobody can mean are refused`() {
        let changes: [(inout Lease) -> Void] = [
            { $0.checkpointEveryEpochs = 0 }, { $0.checkpointEveryEpochs = -1 },
            { $0.checkpointEveryEpochs = Limits.epochsMax + 1 }, { $0.attempt = 0 },
            { $0.expiresInSeconds = 0 }, { $0.expiresInSeconds = -1 },
            { $0.expiresInSeconds = 1e300 }, { $0.checkpoint?.epochsCompleted = -1 },
            { $0.checkpoint?.bytes = -1 }, { $0.checkpoint?.bytes = .max },
        ]
        for (index, change) in changes.enumerated() {
            #expect(throws: DecodingError.self, "\(index)") { try Self.read(change) }
        }
    }
}
