import Shared
import Testing

@Suite struct DurationTypedTests {
    @Test(arguments: [
        ("90", 90), ("0", 0), ("90s", 90), ("10m", 600), ("3h55m", 14_100), ("2d", 172_800),
        ("1d2h3m4s", 93_784), ("3650d", 315_360_000), ("200000000", 200_000_000),
        ("200000000s", 200_000_000),
    ])
    func `a person's spelling is read`(text: String, seconds: Int) throws {
        #expect(try Duration(typed: text) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "m", "ten", "5x", "10m5", "-3", "1.5h", "99999999999999999999", "9999999999s",
        "999999d", "٣m",
    ])
    func `anything else is refused, with what was found and an example`(text: String) {
        #expect {
            try Duration(typed: text)
        } throws: { error in
            "\(error)".contains("found '\(text)'") && "\(error)".contains("3h55m")
        }
    }
}
