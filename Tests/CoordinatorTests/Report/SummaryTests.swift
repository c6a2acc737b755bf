import Foundation
import Shared
import Testing

@testable import Coordinator

@Suite struct SummaryTests {
    private static let header =
        "sweep,position,task,state,complete,seeds.weights,init.gain,gate_family,gate_k,"
        + "trained_pathways,untrained_pathways,accuracy_trained_paths,accuracy_untrained_paths,"
        + "diverged_epoch"

    private static func report(_ rows: String...) -> String {
        ([header] + rows).map { $0 + "\r\n" }.joined()
    }

    /// The table's lines, with single spaces.
    private static func table(_ report: String) throws -> [String] {
        try Summary(report: report).text.split(separator: "\n").dropFirst(2)
            .map { $0.split(separator: " ").joined(separator: " ") }
    }

    @Test func `seeds are averaged, and settings stand together`() throws {
        let lines = try Self.table(
            Self.report(
                "s,0,a,succeeded,true,1,10,plus_mod,2,4,12,0.9,0.1,",
                "s,1,b,succeeded,true,1,1,plus_mod,2,4,12,0.8,0.6,",
                "s,2,c,succeeded,true,1,10,plus_mod,3,6,10,1.0,0.2,",
                "s,3,d,succeeded,true,1,1,plus_mod,3,6,10,0.7,0.5,",
                "s,4,e,succeeded,true,2,10,plus_mod,2,4,12,0.7,0.2,"))
        #expect(
            lines == [
                "init.gain gate pathways trained untrained n",
                "10 plus_mod 2 4+12 0.800 0.150 2 of 2",
                "10 plus_mod 3 6+10 1.000 0.200 1 of 1",
                "1 plus_mod 2 4+12 0.800 0.600 1 of 1",
                "1 plus_mod 3 6+10 0.700 0.500 1 of 1",
            ])
    }

    @Test func `one seed for every stream is averaged too`() throws {
        let report = Self.report(
            "s,0,a,succeeded,true,1,10,plus_mod,2,4,12,0.9,0.1,",
            "s,1,b,succeeded,true,2,10,plus_mod,2,4,12,0.7,0.2,")
        let lines = try Self.table(report.replacing("seeds.weights", with: "seeds"))
        #expect(lines.dropFirst() == ["10 plus_mod 2 4+12 0.800 0.150 2 of 2"])
    }

    @Test func `what is not trained, or has no such pathways, stays empty`() throws {
        let report = Self.report(
            "s,0,a,ready,false,1,10,plus_mod,2,4,12,,,",
            "s,1,b,succeeded,true,1,10,fully_connected,,16,0,0.5,,",
            "s,2,c,failed,false,1,10,mod,,4,12,0.3,0.3,")
        #expect(
            try Self.table(report).dropFirst() == [
                "10 plus_mod 2 4+12 0 of 1", "10 fully_connected 16+0 0.500 1 of 1",
                "10 mod 4+12 0 of 1",
            ])
        #expect(try Summary(report: report).text.contains("; 1 of 3 tasks are complete."))
    }

    @Test func `what has diverged is in no mean, and is counted in its line and in the title`()
        throws
    {
        let report = Self.report(
            "s,0,a,succeeded,true,1,10,plus_mod,2,4,12,0.9,0.1,",
            "s,1,b,diverged,true,2,10,plus_mod,2,4,12,NaN,NaN,3",
            "s,2,c,cached,true,3,10,plus_mod,2,4,12,NaN,NaN,1",
            "s,3,d,leased,false,4,10,plus_mod,2,4,12,0.4,0.9,",
            "s,4,e,succeeded,true,1,1,plus_mod,2,4,12,0.5,Infinity,",
            "s,5,f,succeeded,true,2,1,plus_mod,2,4,12,0.7,0.2,")
        #expect(
            try Self.table(report) == [
                "init.gain gate pathways trained untrained n diverged",
                "10 plus_mod 2 4+12 0.900 0.100 1 of 4 2 of 4",
                // A number that is not finite is not left out of a mean.
                "1 plus_mod 2 4+12 0.600 inf 2 of 2 0 of 2",
            ])
        #expect(
            try Summary(report: report).text.contains(
                "; 5 of 6 tasks are complete, 2 of them diverged and are in no mean."))
    }

    @Test func `where nothing is classified, losses are shown`() throws {
        let report =
            Self.header.replacingOccurrences(of: "accuracy", with: "loss") + "\r\n"
            + "s,0,a,succeeded,true,1,10,,,,,0.0000125,193.4,\r\n"
            + "s,1,b,succeeded,true,1,20,mod,,4,12,2,,\r\n"
        #expect(
            try Self.table(report).dropFirst() == [
                "10 1.25e-05 193.4 1 of 1", "20 mod 4+12 2 1 of 1",
            ])
        #expect(try Summary(report: report).text.hasPrefix("Loss of pathways, mean over the seeds"))
    }

    private static let gates =
        "state,complete,seeds.weights,gate.permute_columns,gate_family,gate_k,gate_id,"
        + "trained_pathways,untrained_pathways,gate_name,accuracy_trained_paths,"
        + "accuracy_untrained_paths,diverged_epoch\r\n"

    @Test func `gates of two classes or two names are two, whatever else they have in common`()
        throws
    {
        let lines = try Self.table(
            Self.gates
                + """
                succeeded,true,1,false,explicit,,4x4-0001,1,15,,0.1,0.5,
                succeeded,true,1,false,explicit,,4x4-0003,2,14,,0.2,0.5,
                succeeded,true,1,false,explicit,,4x4-0011,2,14,,0.4,0.5,
                succeeded,true,2,false,explicit,,4x4-0011,2,14,,0.6,0.5,
                succeeded,true,1,false,file,,unknown,2,14,ring,0.7,0.5,
                succeeded,true,1,false,file,,unknown,2,14,star,0.9,0.5,

                """)
        #expect(
            lines == [
                "gate name id pathways trained untrained n",
                "explicit 4x4-0001 1+15 0.100 0.500 1 of 1",
                "explicit 4x4-0003 2+14 0.200 0.500 1 of 1",
                "explicit 4x4-0011 2+14 0.500 0.500 2 of 2",
                "file ring unknown 2+14 0.700 0.500 1 of 1",
                "file star unknown 2+14 0.900 0.500 1 of 1",
            ])
    }

    @Test func `an axis of parts of the gate is shown, and what all lines share is not`() throws {
        let lines = try Self.table(
            Self.gates
                + """
                succeeded,true,1,false,plus_mod,2,4x4-1,8,8,a,0.1,0.5,
                succeeded,true,1,true,plus_mod,2,4x4-1,8,8,a,0.2,0.5,
                succeeded,true,1,true,plus_mod,3,4x4-2,12,4,a,0.4,0.5,

                """)
        #expect(
            lines == [
                "gate gate.permute_columns pathways trained untrained n",
                "plus_mod 2 false 8+8 0.100 0.500 1 of 1",
                "plus_mod 2 true 8+8 0.200 0.500 1 of 1",
                "plus_mod 3 true 12+4 0.400 0.500 1 of 1",
            ])
    }

    @Test func `gates that seeds have drawn are averaged`() throws {
        let lines = try Self.table(
            Self.gates
                + """
                succeeded,true,1,false,random_regular,2,4x4-1,8,8,,0.1,0.5,
                succeeded,true,1,false,random_regular,2,4x4-2,8,8,,0.3,0.5,

                """)
        #expect(lines.dropFirst() == ["random_regular 2 8+8 0.200 0.500 2 of 2"])
    }

    private static let searched = report(
        "s,0,a,succeeded,true,1,10,mod,,4,12,0.9,0.1,",
        "s,1,b,pruned,false,1,1,mod,,4,12,0.3,0.1,",
        "s,2,c,succeeded,true,1,3,mod,,4,12,0.8,0.6,",
        "s,3,d,succeeded,true,1,5,mod,,4,12,0.7,0.6,",
        "s,4,e,succeeded,true,1,7,mod,,4,12,0.7,NaN,")

    @Test(
        arguments: [
            (nil, ["10", "1", "3", "5", "7"]), (.generalization, ["3", "5", "10", "1", "7"]),
            (.metric("accuracy_trained_paths", .min), ["5", "7", "3", "10", "1"]),
        ] as [(SummaryRanking.Order?, [String])])
    func `a search for the best is sorted by its metric, and what has none comes last`(
        order: SummaryRanking.Order?, gains: [String]
    ) throws {
        let text = try Summary(report: Self.searched, sortedBy: order).text
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.suffix(5).map(\.[0]) == gains)
        #expect(text.contains("Sorted by accuracy_") == (order != nil))
    }

    @Test(
        arguments: [
            (#"{"search":{"method":"random","tasks":3}}"#, .generalization),
            (
                #"{"search":{"method":"random"},"halving":{"metric":"a","mode":"min"}}"#,
                .metric("a", .min)
            ),
            (#"{"halving":{"metric":"a","mode":"max"}}"#, .metric("a", .max)),
            (#"{"search":{"method":"grid"}}"#, nil), ("{}", nil),
        ] as [(String, SummaryRanking.Order?)])
    func `the order follows from the sweep`(json: String, order: SummaryRanking.Order?) throws {
        let specification = try JSONValue(parsing: Data(json.utf8))
        #expect(SummaryRanking.Order(specification: specification) == order)
    }

    private static let race = """
        sweep,position,task,state,complete,race,network.scheme,seeds,gate_family,gate_k,\
        trained_pathways,untrained_pathways,loss_trained_paths,loss_untrained_paths,\
        half_epoch_1,theory_half_epoch_1,pathway_share_1,pathway_share_2,diverged_epoch,theory
        x,0,a,succeeded,true,1,corners,1,,,,,1e-9,,125.5,125,,,,exact
        x,1,b,succeeded,true,1,corners,2,,,,,1e-9,,,125,,,,exact
        x,2,c,succeeded,true,2,half_planes,1,,,,,1e-9,,92,92,0.25,0.75,,exact
        x,3,d,succeeded,true,2,half_planes,2,,,,,1e-9,,94,92,0.75,0.5,,exact

        """

    @Test func `a sweep with a theory says who won the race`() throws {
        let text = try Summary(report: Self.race).text
        let lines = text.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines.suffix(4) == [
                "race network.scheme trained half epoch theory winner n",
                "1 corners 1e-09 125.50 (1 of 2) 125.00 2 of 2",
                "2 half_planes 1e-09 93.00 92.00 2: 0.625 2 of 2",
                "First to a half of mode 1: network.scheme = half_planes (epoch 93.00). Last: "
                    + "network.scheme = corners (epoch 125.50).",
            ])
    }

    @Test func `labels that only tell seeds apart keep none of them apart`() throws {
        let labelled = Self.race.replacing(",race,", with: ",run,")
            .replacing("true,1,corners,2", with: "true,3,corners,2")
        let lines = try Summary(report: labelled).text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("network.scheme") })
        #expect(lines.contains { $0.hasPrefix("corners") && $0.hasSuffix("2 of 2") })
    }

    @Test func `what is no report is refused`() {
        #expect(throws: SummaryError.self) { try Summary(report: "a,b\r\n1,2\r\n") }
        #expect(throws: SummaryError.self) { try Summary(report: "") }
    }

    @Test func `quotes, commas and line breaks are read back as they were written`() {
        let cells = ["plain", "a,b", "say \"so\"", "\"", "two\r\nlines", "é"]
        let text = CSV.line(cells.map(CSV.Cell.text)) + CSV.line([.empty, .number(-1)])
        #expect(CSV.read(text) == [cells, ["", "-1"]])
        #expect(CSV.read("a,b\nc") == [["a", "b"], ["c"]])
    }
}
