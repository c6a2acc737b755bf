/// How many tasks a sweep has, before anybody makes them: exact up to 10^38.
struct TaskCount: Equatable {
    /// Nil where it is more than 128 bits hold.
    let exact: UInt128?

    init(_ count: Int) { exact = UInt128(clamping: count) }

    init(exact: UInt128?) { self.exact = exact }

    static func * (left: TaskCount, right: TaskCount) -> TaskCount {
        guard left.exact != 0, right.exact != 0 else { return TaskCount(0) }
        guard let a = left.exact, let b = right.exact else { return TaskCount(exact: nil) }
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return TaskCount(exact: overflow ? nil : product)
    }

    static func + (left: TaskCount, right: TaskCount) -> TaskCount {
        guard let a = left.exact, let b = right.exact else { return TaskCount(exact: nil) }
        let (sum, overflow) = a.addingReportingOverflow(b)
        return TaskCount(exact: overflow ? nil : sum)
    }

    var text: String { exact.map { "\($0)" } ?? "more than 10^38" }
}
