import Testing
import TestSupport

/// That the comparison of all tests fails where it must.
@Suite struct ExpectCloseTests {
    typealias Numbers = (found: Double, wanted: Double, absolute: Double, relative: Double)

    static let close: [Numbers] = [
        (1, 1, 0, 0), (1, 1.5, 0.5, 0), (110, 100, 0, 0.1), (0, -0.0, 0, 0),
        (.infinity, .infinity, 0, 0), (-.infinity, -.infinity, 1, 1),
        (.leastNonzeroMagnitude, 0, 1e-300, 0),
    ]

    @Test(arguments: close)
    func `close numbers pass`(_ numbers: Numbers) {
        let (found, wanted, absolute, relative) = numbers
        let tolerance = Tolerance(absolute: absolute, relative: relative)
        #expect(closenessFailure(found, wanted, tolerance) == nil)
        #expect(closenessFailure([found], [wanted], tolerance) == nil)
        expectClose(found, wanted, absolute: absolute, relative: relative)
        expectClose([found], [wanted], absolute: absolute, relative: relative)
    }

    static let others: [(numbers: Numbers, text: String)] = [
        ((1, 1.5, 0.4, 0), "found 1.0, wanted 1.5, tolerance 0.4"),
        ((111, 100, 0, 0.1), "found 111.0, wanted 100.0, tolerance 10.0"),
        ((.nan, 1, 1e9, 1e9), "found nan, wanted 1.0, tolerance 1000000000.0"),
        ((1, .nan, 1e9, 1e9), "found 1.0, wanted nan, tolerance none for a number that is not"),
        ((.nan, .nan, 1, 1), "found nan, wanted nan"),
        ((.infinity, -.infinity, 1, 1), "found inf, wanted -inf"),
        ((.infinity, 1e308, 1e308, 1), "found inf, wanted 1e+308"),
        ((1e308, .infinity, 1e308, 1), "found 1e+308, wanted inf"),
        ((1e308, -1e308, 1e308, 1), "found 1e+308, wanted -1e+308"),
        ((1, 1, -1, 0), "found a tolerance of absolute -1.0"),
        ((1, 1, .nan, 0), "found a tolerance of absolute nan"),
        ((1, 2, .infinity, 0), "found a tolerance of absolute inf"),
        ((1, 2, 0, .infinity), "found a tolerance of absolute 0.0 and relative inf"),
    ]

    @Test(arguments: others)
    func `other numbers fail, and the message has all of them`(
        _ numbers: Numbers, text: String
    ) throws {
        let (found, wanted, absolute, relative) = numbers
        let tolerance = Tolerance(absolute: absolute, relative: relative)
        let failure = try #require(closenessFailure(found, wanted, tolerance))
        #expect(failure.hasPrefix(text))
        // In the middle of a sequence, too, with the index.
        let list = try #require(closenessFailure([0, found, 0], [0, wanted, 0], tolerance))
        #expect(list.hasPrefix(text.hasPrefix("found a") ? text : "[1]: " + text), "\(list)")
        withKnownIssue { expectClose(found, wanted, absolute: absolute, relative: relative) }
        withKnownIssue { expectClose([found], [wanted], absolute: absolute, relative: relative) }
    }

    @Test func `counts that differ fail, and so does a comparison of nothing`() {
        let wide = Tolerance(absolute: 1e300)
        #expect(closenessFailure([1], [1, 2], wide) == "found 1 numbers, wanted 2")
        #expect(closenessFailure([1, 2], [], wide) == "found 2 numbers, wanted 0")
        #expect(closenessFailure([], [], wide) == "found no numbers to compare, wanted some")
        #expect(closenessFailure([], [], wide, mayBeEmpty: true) == nil)
        #expect(closenessFailure([], [1], wide, mayBeEmpty: true) == "found 0 numbers, wanted 1")
        withKnownIssue { expectClose([1.0], [1.0, 2.0], absolute: 1e300) }
        withKnownIssue { expectClose([Float](), [Double]()) }
        expectClose([Float](), [Double](), mayBeEmpty: true)
    }

    @Test func `the message counts what differs, and numbers of two types are compared`() {
        let failure = closenessFailure([1, 2, 3, 4], [1, 2.5, 3, 5], Tolerance(absolute: 0.1))
        #expect(failure == "[1]: found 2.0, wanted 2.5, tolerance 0.1; 2 of 4 numbers differ")
        expectClose([Float(0.1)], [0.1], relative: 1e-7)
        expectClose(Float(0.1), 0.1, relative: 1e-7)
        withKnownIssue { expectClose(Float(0.1), 0.1) }
    }

    @Test func `an issue has the comment and the place of the call`() {
        withKnownIssue {
            expectClose(1.0, 2.0, "the loss")
        } matching: { issue in
            issue.comments.map(\.rawValue) == ["the loss: found 1.0, wanted 2.0, tolerance 0.0"]
                && issue.sourceLocation?.fileName == "ExpectCloseTests.swift"
        }
    }

    @Test func `bits are compared, not numbers`() {
        expectSameBits([1.0, .nan, -0.0], [1.0, .nan, -0.0])
        expectSameBits([Float](), [], mayBeEmpty: true)
        #expect(
            bitFailure([1, -0.0], [1, 0.0])
                == "[1]: found -0.0, wanted 0.0, the same bits; 1 of 2 numbers differ")
        #expect(bitFailure([Float.nan], [1]) != nil && bitFailure([1], [Float.nan]) != nil)
        #expect(bitFailure([Double.nan], [.signalingNaN]) != nil)
        #expect(bitFailure([1.0], [Double(1).nextUp]) != nil)
        #expect(bitFailure([1.0], [1.0, 2.0]) == "found 1 numbers, wanted 2")
        #expect(bitFailure([Double](), []) == "found no numbers to compare, wanted some")
        withKnownIssue { expectSameBits([0.0], [-0.0]) }
    }
}
