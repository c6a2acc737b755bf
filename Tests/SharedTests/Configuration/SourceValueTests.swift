import Shared
import Testing

@Suite struct SourceValueTests {
    @Test func `a value from the wire knows its path and has no line`() {
        let value = SourceValue(
            .object(["b": .array([.integer(1), .object(["c": .null])]), "a": .bool(true)]),
            path: "base")
        guard case .map(let members) = value.content,
            case .list(let list) = members[1].value.content,
            case .map(let inner) = list[1].content
        else {
            Issue.record("a map of a list of a map became something else")
            return
        }
        #expect(members.map(\.key) == ["a", "b"])
        #expect(inner[0].value.place == Place(path: "base.b[1].c", line: nil))
    }

    @Test func `a value gives back the JSON it was made of`() {
        let json = JSONValue.object([
            "a": .array([.integer(1), .number(0.5), .string("x"), .null, .bool(false)]),
            "b": .object(["c": .integer(-3)]),
        ])
        #expect(SourceValue(json).json == json)
    }

    @Test func `a mistake begins with the line and the path, as far as there are any`() {
        func text(_ place: Place) -> String {
            SweepMistake(.wrongType, at: place, "found 1, wanted 2").description
        }
        #expect(text(Place(path: "a.b", line: 3)) == "line 3, a.b: found 1, wanted 2")
        #expect(text(Place(path: "a.b")) == "a.b: found 1, wanted 2")
        #expect(text(Place(line: 3)) == "line 3: found 1, wanted 2")
        #expect(text(Place()) == "found 1, wanted 2")
    }
}
