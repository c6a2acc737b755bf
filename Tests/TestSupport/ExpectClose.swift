public import Testing

/// Expects a number within a tolerance of the wanted one; see `closenessFailure` for the rule.
/// - Parameters:
///   - comment: what is compared, for the message.
public func expectClose(
    _ found: some BinaryFloatingPoint, _ wanted: some BinaryFloatingPoint, absolute: Double = 0,
    relative: Double = 0, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let tolerance = Tolerance(absolute: absolute, relative: relative)
    record(
        closenessFailure(Double(found), Double(wanted), tolerance), comment(), sourceLocation)
}

/// Expects as many numbers as wanted, each within a tolerance of its own; see `closenessFailure`.
/// - Parameters:
///   - mayBeEmpty: whether a comparison of no numbers passes.
///   - comment: what is compared, for the message.
public func expectClose<Found: Sequence, Wanted: Sequence>(
    _ found: Found, _ wanted: Wanted, absolute: Double = 0, relative: Double = 0,
    mayBeEmpty: Bool = false, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) where Found.Element: BinaryFloatingPoint, Wanted.Element: BinaryFloatingPoint {
    let tolerance = Tolerance(absolute: absolute, relative: relative)
    record(
        closenessFailure(
            found.map { Double($0) }, wanted.map { Double($0) }, tolerance, mayBeEmpty: mayBeEmpty),
        comment(), sourceLocation)
}

/// Expects the wanted numbers bit for bit: a zero of the other sign is another number, and a NaN
/// equals the same NaN alone.
/// - Parameters:
///   - mayBeEmpty: whether a comparison of no numbers passes.
///   - comment: what is compared, for the message.
public func expectSameBits<Number: BinaryFloatingPoint>(
    _ found: some Sequence<Number>, _ wanted: some Sequence<Number>, mayBeEmpty: Bool = false,
    _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    record(
        bitFailure(Array(found), Array(wanted), mayBeEmpty: mayBeEmpty), comment(), sourceLocation)
}

/// How far a number may be from the wanted one: the larger of both.
public struct Tolerance: Sendable {
    public var absolute: Double
    /// Times the wanted number's magnitude.
    public var relative: Double

    public init(absolute: Double = 0, relative: Double = 0) {
        (self.absolute, self.relative) = (absolute, relative)
    }
}

/// Nil where |found - wanted| <= max(absolute, relative * |wanted|), otherwise what is wrong. A NaN
/// on either side fails. An infinity is close to itself alone. A tolerance that is negative, NaN or
/// infinite fails.
public func closenessFailure(_ found: Double, _ wanted: Double, _ tolerance: Tolerance) -> String? {
    guard tolerance.isUsable else { return tolerance.failure }
    guard !tolerance.allows(found, wanted) else { return nil }
    return "found \(found), wanted \(wanted), tolerance \(tolerance.text(wanted))"
}

/// Nil where there are as many numbers as wanted and each is close, otherwise what is wrong: the
/// first number that is not close, by its index, and how many there are.
public func closenessFailure(
    _ found: [Double], _ wanted: [Double], _ tolerance: Tolerance, mayBeEmpty: Bool = false
) -> String? {
    guard tolerance.isUsable else { return tolerance.failure }
    if let failure = countFailure(found.count, wanted.count, mayBeEmpty) { return failure }
    let wrong = found.indices.filter { !tolerance.allows(found[$0], wanted[$0]) }
    guard let first = wrong.first else { return nil }
    return "[\(first)]: found \(found[first]), wanted \(wanted[first]), tolerance "
        + tolerance.text(wanted[first]) + "; \(wrong.count) of \(found.count) numbers differ"
}

/// Nil where all numbers have the wanted bits, otherwise what is wrong.
public func bitFailure<Number: BinaryFloatingPoint>(
    _ found: [Number], _ wanted: [Number], mayBeEmpty: Bool = false
) -> String? {
    if let failure = countFailure(found.count, wanted.count, mayBeEmpty) { return failure }
    func bits(_ number: Number) -> [UInt64] {
        [
            number.sign == .minus ? 1 : 0, UInt64(number.exponentBitPattern),
            UInt64(number.significandBitPattern),
        ]
    }
    let wrong = found.indices.filter { bits(found[$0]) != bits(wanted[$0]) }
    guard let first = wrong.first else { return nil }
    return "[\(first)]: found \(found[first]), wanted \(wanted[first]), the same bits; "
        + "\(wrong.count) of \(found.count) numbers differ"
}

extension Tolerance {
    fileprivate var isUsable: Bool { [absolute, relative].allSatisfy { $0 >= 0 && $0.isFinite } }

    fileprivate var failure: String {
        "found a tolerance of absolute \(absolute) and relative \(relative), wanted finite numbers "
            + "from 0"
    }

    fileprivate func allows(_ found: Double, _ wanted: Double) -> Bool {
        guard found.isFinite, wanted.isFinite else { return found == wanted }
        // A comparison with a NaN is false: it allows nothing.
        return abs(found - wanted) <= bound(wanted)
    }

    private func bound(_ wanted: Double) -> Double { max(absolute, relative * abs(wanted)) }

    fileprivate func text(_ wanted: Double) -> String {
        wanted.isFinite ? "\(bound(wanted))" : "none for a number that is not finite"
    }
}

private func countFailure(_ found: Int, _ wanted: Int, _ mayBeEmpty: Bool) -> String? {
    guard found == wanted else { return "found \(found) numbers, wanted \(wanted)" }
    return found == 0 && !mayBeEmpty ? "found no numbers to compare, wanted some" : nil
}

private func record(_ failure: String?, _ comment: String, _ sourceLocation: SourceLocation) {
    guard let failure else { return }
    let text = comment.isEmpty ? failure : "\(comment): \(failure)"
    Issue.record(Comment(rawValue: text), sourceLocation: sourceLocation)
}
