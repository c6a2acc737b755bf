import Foundation
import Shared
import TestSupport
import Testing

@Suite struct IdentifiersTests {
    @Test(arguments: ["a", "A-b_c.9", String(repeating: "x", count: 128)])
    func `plain names are identifiers`(text: String) throws {
        #expect(SweepID(rawValue: text)?.rawValue == text)
        let data = try WireCoding.encode(["id": SweepID(unchecked: text)])
        #expect(try WireCoding.decode([String: SweepID].self, from: data)["id"]?.rawValue == text)
    }

    @Test(arguments: [
        "", ".", "..", ".hidden", "a/b", "a b", "a\n", "ä", "a%2f", "a\0",
        String(repeating: "x", count: 129),
    ])
    func `nothing else is, also not from a message`(text: String) throws {
        #expect(SweepID(rawValue: text) == nil)
        let data = try WireCoding.encode([text])
        #expect(throws: DecodingError.self) { try WireCoding.decode([LeaseID].self, from: data) }
    }

    @Test func `a random one has as many digits as were asked for, and none twice`() {
        let random = TestRandom(seed: 1)
        let ids = (0..<1_000).map { _ in RequestID.random(random.bits) }
        #expect(ids.allSatisfy { $0.rawValue.count == 32 } && Set(ids).count == 1_000)
        #expect(SweepID.random(digits: 10, random.bits).rawValue.count == 10)
    }

    @Test func `request ids of later calls stand behind those of earlier ones`() throws {
        let random = TestRandom(seed: 2)
        let times: [Int64] = [0, 1, 255, 256, 1_700_000_000_000, 1_700_000_000_001, 1 << 47]
        let ids = times.map { RequestID.fresh(at: Timestamp(milliseconds: $0), random.bits) }
        #expect(ids.map(\.rawValue) == ids.map(\.rawValue).sorted())
        #expect(ids.allSatisfy { RequestID(rawValue: $0.rawValue) != nil })
        #expect(ids[4].rawValue.hasPrefix("018bcfe56800") && ids[4].rawValue.count == 32)
        let moment = Timestamp(milliseconds: 5)
        let alike = (0..<1_000).map { _ in RequestID.fresh(at: moment, random.bits) }
        #expect(Set(alike).count == 1_000)
    }

    @Test func `a digest is 64 lower-case digits, and the one of nothing is known`() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(Digest(of: Data()).hexadecimal == empty)
        #expect(Digest(hexadecimal: empty) == Digest(of: Data()))
        for wrong in ["", "xyz", empty.uppercased(), String(empty.dropLast()), empty + "0"] {
            #expect(Digest(hexadecimal: wrong) == nil)
        }
    }

    @Test func `a time is shown in UTC, to the second`() {
        #expect(Timestamp(milliseconds: 0).iso8601 == "1970-01-01T00:00:00Z")
        #expect(Timestamp(milliseconds: 1_769_860_800_999).iso8601 == "2026-01-31T12:00:00Z")
    }
}
