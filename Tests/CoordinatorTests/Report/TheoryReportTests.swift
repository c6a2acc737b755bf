import Foundation
import HummingbirdTesting
import Shared
import Testing

@testable import Coordinator

/// A sweep without a data set, and the theory beside what it measures.
@Suite(.timeLimit(.minutes(10))) struct TheoryReportTests {
    private static let sweep = """
        {"name": "study", "experiment": "routing",
         "base": {"domains": 3, "hidden_width": 6, "gate": {"family": "plus_mod", "k": 2},
          "data": {"kind": "tree", "depth": 1, "branching": 2, "strengths": [2, 1]},
          "init": {"gain": 0.1}, "method": {"name": "gradient_descent", "learning_rate": 0.1},
          "epochs": 2},
         "axes": [{"seeds.weights": [1, 2]}]}
        """

    @Test func `a task that makes its own data is leased, reported and needs no data set`()
        async throws
    {
        try await ServerWorld().test { client in
            let created = try await client.post("/v1/sweeps", Self.sweep)
            #expect(created.status == 201, "\(created.body)")
            let lease = try #require(try await client.lease().first)
            #expect(lease.dataDigest == Digest.ofNothing)
            let configuration = try Shared.Configuration(reading: SourceValue(lease.configuration))
            #expect(
                try lease.task == SweepTaskID(identity: configuration.identity(dataDigest: nil)))
            let values: [String: MetricValue] = [
                MetricName.lossTrainedPaths: MetricValue(0.5),
                MetricName.lossUntrainedPaths: MetricValue(3),
                MetricName.trainingLoss: MetricValue(0.25),
                MetricName.theoryStatus: MetricValue(1),
                MetricName.theoryRemainder: MetricValue(0.25),
                MetricName.theoryFirst: MetricValue(3),
                MetricName.theoryStart: MetricValue(1),
                MetricName.theoryStep: MetricValue(0.08),
                MetricName.theoryHalfEpochErrorMax: MetricValue(.infinity),
                MetricName.theoryStepDeviationMax: MetricValue(0.75),
                MetricName.closedFormStatus: MetricValue(4),
                MetricName.theoryLoss: MetricValue(0.125),
                MetricName.halfEpoch(2): MetricValue(1.5),
                MetricName.closedFormHalfEpoch(1): MetricValue(.infinity),
            ]
            let row = MetricRow(epoch: 2, split: .test, values: values)
            _ = try await client.tell(
                lease, "metrics",
                MetricsRequest(firstSequence: 0, rows: [row], epochsCompleted: 2))
            let end = CompleteRequest(
                epochsCompleted: 2, rowCount: 1, trajectory: StoreWorld.trajectory([row]))
            #expect(try await client.tell(lease, "complete", end).status == 200)

            let report = try await client.get("/v1/sweeps/study/report.csv").body
            let lines = CSV.read(report)
            let cells = Dictionary(zip(lines[0], lines[1])) { first, _ in first }
            let wanted = [
                "loss_trained_paths": "0.5", "loss_untrained_paths": "3.0",
                "training_loss": "0.25", "theory_loss": "0.125", "half_epoch_1": "",
                "half_epoch_2": "1.5", "closed_form_half_epoch_1": "Infinity",
                "theory": "approximate: the start is not decoupled and is guessed as gain / 2.5; "
                    + "trained by steps of 0.08 (edge 3: 0.25 is left over)",
                "theory_half_epoch_error_max": "Infinity", "theory_step_deviation_max": "0.75",
                "theory_step_half_epoch_error_max": "",
                "closed_form": "none: the start is not decoupled",
                "gate_family": "plus_mod",
                "trained_pathways": "6", "untrained_pathways": "3",
            ]
            for (name, value) in wanted { #expect(cells[name] == value, "\(name)") }
            #expect(!lines[0].contains { $0.hasPrefix("train_") || $0.hasPrefix("accuracy") })
            #expect(lines[2].count == lines[0].count && !lines[2].contains("exact"))
        }
    }

    @Test func `every status has a text of its own, and keeps its number`() {
        let texts = TheoryStatus.allCases.map(\.text)
        #expect(Set(texts).count == texts.count)
        #expect(TheoryStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        let forms = ClosedFormStatus.allCases.map(\.text)
        #expect(Set(forms).count == forms.count)
        #expect(ClosedFormStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5])
        #expect(TheoryStart.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }

    @Test(
        arguments: [
            ([MetricName.theoryStatus: 0], "exact"),
            (
                [MetricName.theoryStatus: 0, MetricName.theoryStep: 0.08],
                "exact for gradient flow; trained by steps of 0.08"
            ),
            ([MetricName.theoryStatus: 1], "approximate: the start is not decoupled"),
            (
                [MetricName.theoryStatus: 1, MetricName.theoryStart: 0],
                "approximate: the start is not decoupled and is computed from the first weights"
            ),
            (
                [
                    MetricName.theoryStatus: 1, MetricName.theoryStart: 2,
                    MetricName.theoryStartValue: 0.05, MetricName.theoryRemainder: 0.5,
                ],
                "approximate: the start is not decoupled and is given as 0.05 (0.5 is left over)"
            ),
            (
                [
                    MetricName.theoryStatus: 1, MetricName.theoryStart: 3,
                    MetricName.theoryStep: 0.5,
                ],
                "approximate: the start is not decoupled and is taken as the gain; "
                    + "trained by steps of 0.5"
            ),
            // Where there is no theory, nothing is said of how it would be followed.
            (
                [MetricName.theoryStatus: 3, MetricName.theoryStep: 0.5],
                "none: too large to look for modes"
            ),
            ([MetricName.theoryStatus: 9], nil), ([MetricName.theoryStatus: .nan], nil), ([:], nil),
        ] as [([String: Float], String?)])
    func `the theory's text says how it was started and followed`(
        values: [String: Float], wanted: String?
    ) {
        #expect(TheoryText.theory(values.mapValues(MetricValue.init)) == wanted)
    }

    @Test(
        arguments: [
            ([MetricName.closedFormStatus: 0], "applies"),
            (
                [MetricName.closedFormStatus: 0, MetricName.theoryStep: 0.08],
                "applies to gradient flow; trained by steps of 0.08"
            ),
            (
                [MetricName.closedFormStatus: 2, MetricName.theoryStep: 0.08],
                "none: domains differ in their numbers of trained pathways"
            ),
            ([MetricName.closedFormStatus: 0.5], nil), ([:], nil),
        ] as [([String: Float], String?)])
    func `the closed form's text says whether it holds`(values: [String: Float], wanted: String?) {
        #expect(TheoryText.closedForm(values.mapValues(MetricValue.init)) == wanted)
    }

    /// Texts with a number in them stand on the page with an example.
    @Test func `the Theory page has every text and every column of the theory`() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Sources/Trainer/Documentation.docc/Theory.md"), encoding: .utf8)
        let step = [MetricName.theoryStep: MetricValue(0.08)]
        var texts = [TheoryText.theory(.exact, step)]
        texts += TheoryStart.allCases.map { start in
            TheoryText.theory(
                .startNotDecoupled,
                [
                    MetricName.theoryStart: MetricValue(Float(start.rawValue)),
                    MetricName.theoryStartValue: MetricValue(0.05),
                ])
        }
        texts += TheoryStatus.allCases.filter { $0 != .startNotDecoupled }.map(\.text)
        texts += ClosedFormStatus.allCases.map(\.text)
        for text in texts { #expect(page.contains("`\(text)`"), "\(text)") }
        let columns = Experiment.routing.reportMetrics.filter { $0.hasPrefix("theory_") }
        for name in columns where name.last?.isNumber == false {
            #expect(page.contains("`\(name)`"), "\(name)")
        }
    }

    @Test func `a reason names its pathways, and none is added where there is none`() {
        func text(_ reason: TheoryReason?) -> String {
            let values = (reason?.values ?? [:]).mapValues { MetricValue(Float($0)) }
            return TheoryReason.text(.notDiagonalizable, values)
        }
        #expect(text(nil).isEmpty)
        #expect(text(TheoryReason(remainder: 0.5)) == " (0.5 is left over)")
        #expect(
            text(TheoryReason(remainder: 0.5, first: 2)) == " (pathway 2: 0.5 is left over)")
        #expect(
            text(TheoryReason(remainder: 1e-3, first: 2, second: 5))
                == " (pathways 2 and 5: 0.001 is left over)")
    }

    @Test func `no metric of a report is named twice`() {
        for experiment in Experiment.allCases {
            let names = experiment.reportMetrics
            #expect(Set(names).count == names.count)
            #expect(experiment.splits.first == .test)
        }
    }
}
