/// All square gates, or one of each class, as an axis asks for them: counted before any is made,
/// and made one after the other, or, of all gates, any of them by its number.
struct GateEnumeration {
    let domains: Int
    /// Every row has as many open; nil: any number.
    let rowsOpen: Int?
    let upToPermutation: Bool

    /// Known before any is made.
    var count: TaskCount { TaskCount(exact: upToPermutation ? classCount : matrixCount) }

    /// Calls `body` with each, as rows of bits, bit n for column n. For at most
    /// `Limits.enumeratedDomainsMax` domains.
    func forEach(_ body: ([UInt32]) -> Void) {
        let choices = rowChoices
        let images = upToPermutation ? Self.columnOrders(domains).map(Self.images) : []
        var rows: [UInt32] = []
        extend(&rows, choices, images, body)
    }

    /// The gate that `forEach` would come to as number `index`: a row is a digit, the last the
    /// least. Not of one gate of each class, which only a search finds.
    func rows(at index: Int) -> [UInt32] {
        let choices = rowChoices
        var (rows, rest) = ([UInt32](), index)
        for _ in 0..<domains {
            rows.append(choices[rest % choices.count])
            rest /= choices.count
        }
        return rows.reversed()
    }

    /// What a row may be, the greatest first.
    private var rowChoices: [UInt32] {
        (0..<(1 as UInt32) << UInt32(domains)).reversed().filter {
            rowsOpen == nil || $0.nonzeroBitCount == rowsOpen
        }
    }
}

// MARK: - Making

extension GateEnumeration {
    /// Read's orderly generation: of a class the gate is made whose rows, from the greatest to the
    /// least, are the greatest under all orders of columns; the first rows of such a gate are the
    /// greatest of theirs too, so that what is not can be left at once.
    private func extend(
        _ rows: inout [UInt32], _ choices: [UInt32], _ images: [[UInt32]],
        _ body: ([UInt32]) -> Void
    ) {
        if rows.count == domains {
            body(rows)
            return
        }
        for row in choices {
            if upToPermutation, let last = rows.last, row > last { continue }
            rows.append(row)
            if !images.contains(where: { Self.isGreater(rows, through: $0) }) {
                extend(&rows, choices, images, body)
            }
            rows.removeLast()
        }
    }

    private static func isGreater(_ rows: [UInt32], through images: [UInt32]) -> Bool {
        let moved = rows.map { images[Int($0)] }.sorted(by: >)
        return rows.lexicographicallyPrecedes(moved)
    }

    private static func columnOrders(_ count: Int) -> [[Int]] {
        (0..<count).reduce([[]]) { orders, column in
            orders.flatMap { order in
                (0...order.count).map { place in
                    Array(order[..<place]) + [column] + Array(order[place...])
                }
            }
        }
    }

    /// What an order of columns makes of each row.
    private static func images(_ order: [Int]) -> [UInt32] {
        (0..<(1 as UInt32) << UInt32(order.count)).map { row in
            order.enumerated().reduce(0) { image, column in
                image | (row >> UInt32(column.element) & 1) << UInt32(column.offset)
            }
        }
    }
}

// MARK: - Counting

extension GateEnumeration {
    private var matrixCount: UInt128? {
        guard rowsOpen != nil || domains * domains < 128 else { return nil }
        let rows =
            rowsOpen == nil ? 1 << UInt128(domains) : rowCount([Int](repeating: 1, count: domains))
        var product: UInt128 = 1
        for _ in 0..<domains {
            let (next, overflow) = product.multipliedReportingOverflow(by: rows)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// Burnside's mean: over all orders of columns, how many sets of rows (each row as often as it
    /// likes, in no order) an order leaves as they are. Orders of one cycle type count alike.
    private var classCount: UInt128? {
        guard domains <= Limits.countedDomainsMax else { return nil }
        let factorial = (1...UInt128(domains)).reduce(1, *)
        var sum: UInt128 = 0
        for cycles in Self.partitions(of: domains, largest: domains) {
            let orders = factorial / Self.centralizer(cycles)
            guard let fixed = fixedRowSets(cycles) else { return nil }
            let (product, overflow) = fixed.multipliedReportingOverflow(by: orders)
            let (next, carry) = sum.addingReportingOverflow(product)
            if overflow || carry { return nil }
            sum = next
        }
        return sum / factorial
    }

    /// With f_j rows that the order's j-th power keeps, the sets of n rows that the order keeps:
    /// n a_n = sum over j from 1 to n of f_j a_(n-j), from exp(sum of f_j x^j / j).
    private func fixedRowSets(_ cycles: [Int]) -> UInt128? {
        let kept = (1...domains).map { power in
            rowCount(
                cycles.flatMap { length in
                    let parts = Self.commonDivisor(length, power)
                    return [Int](repeating: length / parts, count: parts)
                })
        }
        var sets: [UInt128] = [1]
        for size in 1...domains {
            var sum: UInt128 = 0
            for power in 1...size {
                let (product, overflow) = kept[power - 1]
                    .multipliedReportingOverflow(by: sets[size - power])
                let (next, carry) = sum.addingReportingOverflow(product)
                if overflow || carry { return nil }
                sum = next
            }
            sets.append(sum / UInt128(size))
        }
        return sets[domains]
    }

    /// Rows that are the same all along each cycle, with `rowsOpen` open pathways.
    private func rowCount(_ cycles: [Int]) -> UInt128 {
        guard let rowsOpen else { return 1 << UInt128(cycles.count) }
        var ways = [UInt128](repeating: 0, count: rowsOpen + 1)
        ways[0] = 1
        for cycle in cycles {
            for open in stride(from: rowsOpen, through: cycle, by: -1) {
                // At most 2^(number of cycles).
                ways[open] += ways[open - cycle]
            }
        }
        return ways[rowsOpen]
    }

    private static func partitions(of total: Int, largest: Int) -> [[Int]] {
        if total == 0 { return [[]] }
        return (1...min(total, largest)).flatMap { part in
            partitions(of: total - part, largest: part).map { [part] + $0 }
        }
    }

    /// How many orders commute with one of these cycles.
    private static func centralizer(_ cycles: [Int]) -> UInt128 {
        Set(cycles).reduce(1) { product, length in
            let count = cycles.count { $0 == length }
            return (1...count).reduce(product) { $0 * UInt128(length) * UInt128($1) }
        }
    }

    private static func commonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : commonDivisor(right, left % right)
    }
}
