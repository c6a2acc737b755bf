import Foundation
import Shared
import Testing

/// The protocol's messages, byte by byte. A change in a golden file is a change of the protocol.
@Suite struct WireCodingTests {
    struct Message: CustomTestStringConvertible, Sendable {
        let name: String
        let encode: @Sendable () throws -> Data
        let again: @Sendable (Data) throws -> Data
        var testDescription: String { name }

        init<Value: Codable & Sendable>(_ name: String, _ value: Value) {
            self.name = name
            encode = { try WireCoding.encode(value) }
            again = { try WireCoding.encode(WireCoding.decode(Value.self, from: $0)) }
        }
    }

    private static let digest = Digest(of: Data())
    private static let worker = WorkerName(unchecked: "host-1-42")
    private static let status = SweepStatus(
        id: SweepID(unchecked: "0123456789"), name: "study",
        createdAt: Timestamp(milliseconds: 1_700_000_000_000),
        tasks: ["ready": 1, "leased": 2, "succeeded": 3, "failed": 0, "cancelled": 0],
        epochsCompleted: 35, epochsTotal: 60, epochsPerSecond: 2.5, secondsLeft: 10,
        rechecks: RecheckStatus(
            waiting: 1, same: 2, different: 3, failed: 4,
            differences: [
                RecheckDifference(
                    position: 5, task: SweepTaskID(unchecked: "task"), host: "node-1",
                    trajectory: digest, otherHost: "node-2", otherTrajectory: digest)
            ], obstacle: "one machine"))

    static let messages = [
        Message(
            "LeaseRequest",
            LeaseRequest(
                worker: worker, host: "host", bootID: "boot", slots: 2, waitSeconds: 30,
                selfTest: SelfTestReport(
                    numericVersion: "3", kernels: "avx2", digest: digest, wrongCases: ["adam"]))),
        Message(
            "LeaseResponse",
            LeaseResponse(leases: [
                Lease(
                    id: LeaseID(unchecked: "lease"), token: LeaseToken(unchecked: "token"),
                    task: SweepTaskID(unchecked: "task"), sweep: "study", attempt: 1,
                    configuration: .object(["epochs": .integer(2), "gain": .number(0.5)]),
                    dataDigest: digest, expiresInSeconds: 30),
                Lease(
                    id: LeaseID(unchecked: "lease-2"), token: LeaseToken(unchecked: "token-2"),
                    task: SweepTaskID(unchecked: "task-2"), sweep: "study", attempt: 2,
                    configuration: .object([:]), dataDigest: digest, expiresInSeconds: 30,
                    checkpoint: CheckpointReference(
                        epochsCompleted: 20, digest: digest, bytes: 4_096),
                    checkpointEveryEpochs: 10, isAlone: true),
            ])),
        Message(
            "MetricsRequest",
            MetricsRequest(
                firstSequence: 3,
                rows: [
                    MetricRow(
                        epoch: 2, split: .test,
                        values: [
                            "accuracy_trained_paths": MetricValue(0.1),
                            "loss_trained_paths": MetricValue(.nan),
                            "loss_untrained_paths": MetricValue(-.infinity),
                        ])
                ], epochsCompleted: 2)),
        Message(
            "CompleteRequest",
            CompleteRequest(epochsCompleted: 2, rowCount: 4, trajectory: digest)),
        Message("FailRequest", FailRequest(error: "loss is NaN", isPermanent: true)),
        Message("KilledRequest", KilledRequest(reason: "killed", beside: 2)),
        Message("HandBackRequest", HandBackRequest(reason: "preempted")),
        Message("LeaseAnswer", LeaseAnswer(state: .leased, expiresInSeconds: 30)),
        Message(
            "SweepCreated",
            SweepCreated(
                id: SweepID(unchecked: "0123456789"), name: "study", taskCount: 6,
                warnings: ["class 0 has no examples"])),
        Message(
            "SweepChecked",
            SweepChecked(name: "study", taskCount: 6, warnings: ["class 0 has no examples"])),
        Message("SweepStatus", status),
        Message("SweepList", SweepList(sweeps: [])),
        Message("TasksChanged", TasksChanged(changed: 3)),
        Message(
            "WorkerList",
            WorkerList(
                workers: [
                    WorkerStatus(
                        name: worker, host: "host", bootID: "boot",
                        firstSeenAt: Timestamp(milliseconds: 1_700_000_000_000),
                        secondsSinceSeen: 1.5, leased: 1, succeeded: 2, diverged: 6,
                        failed: 3, lost: 4, differing: 5, setAside: "tasks fail",
                        selfTestFailure: "a bit is wrong")
                ], recheckObstacle: "one machine")),
        Message("HostLetBack", HostLetBack(host: "node-7", reasons: ["tasks fail"])),
        Message(
            "DatasetList",
            DatasetList(datasets: [
                DatasetStatus(
                    name: "mnist", digest: digest, bytes: 47_040_000, trainExamples: 60_000,
                    testExamples: 10_000, features: 784)
            ])),
        Message("TokenRequest", TokenRequest(role: .worker, label: "cluster", digest: digest)),
        Message(
            "TokenRequestThatExpires",
            TokenRequest(role: .read, label: "", digest: digest, validForSeconds: 86_400)),
        Message(
            "TokenList",
            TokenList(tokens: [
                TokenStatus(
                    id: "e3b0c44298fc", role: .admin, label: "",
                    createdAt: Timestamp(milliseconds: 1_700_000_000_000)),
                TokenStatus(
                    id: "98fce3b0c442", role: .read, label: "guest",
                    createdAt: Timestamp(milliseconds: 1_700_000_000_000),
                    expiresAt: Timestamp(milliseconds: 1_700_086_400_000)),
            ])),
        Message(
            "ErrorMessage",
            ErrorMessage(.invalidSweep, "The sweep has a mistake:", details: ["base: found 1"])),
    ]

    private static let golden =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(2).joined(separator: "/") + "/Golden/"

    @Test(arguments: messages)
    func `a message is these bytes, and is read from them`(message: Message) throws {
        let url = URL(filePath: Self.golden + message.name + ".json")
        let golden = try Data(contentsOf: url)
        let found = try message.encode()
        #expect(
            String(decoding: found, as: UTF8.self) + "\n" == String(decoding: golden, as: UTF8.self)
        )
        #expect(try message.again(golden) == found)
    }

    @Test func `every golden file has its message`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.golden)
        #expect(Set(files) == Set(Self.messages.map { $0.name + ".json" }))
    }

    @Test(arguments: [
        ("{", "it is not valid JSON"), ("[]", "it must be of type Dictionary<String, Any>"),
        ("{}", "the field 'rows' is missing"),
        (#"{"rows":[],"first_sequence":"x"}"#, "the field 'first_sequence' must be of type Int"),
        (#"{"rows":[],"first_sequence":1.5}"#, "it is not valid JSON, or a number does not"),
        (#"{"rows":[],"first_sequence":1e30}"#, "it is not valid JSON, or a number does not"),
        (#"{"rows":[],"first_sequence":null}"#, "the field 'first_sequence' must be of type Int"),
        (
            #"{"first_sequence":0,"rows":[{"epoch":1,"split":"dev","values":{}}]}"#,
            "the field 'rows[0].split' is wrong: "
        ),
        (
            #"{"first_sequence":0,"rows":[{"epoch":1,"split":"test","values":{"loss":"x"}}]}"#,
            "the field 'rows[0].values.loss' is wrong: a metric is a number, \"NaN\""
        ),
    ])
    func `a message that is not understood is told by its field`(text: String, sentence: String) {
        #expect {
            try WireCoding.decode(MetricsRequest.self, from: Data(text.utf8))
        } throws: { error in
            guard let error = error as? DecodingError else { return false }
            return WireCoding.sentence(for: error).hasPrefix(sentence)
        }
    }
}
