/// A matrix somewhere in memory that another object owns, in panels of sixteen columns: element
/// (r, c) stands at (c / 16) * panel + r * 16 + c % 16. It must not outlive that owner.
///
/// The last panel may reach beyond the matrix: what stands there belongs to nobody.
struct Panels {
    let base: UnsafeMutablePointer<Float>
    let rows: Int
    let columns: Int
    /// Floats from a panel to the next.
    let panel: Int

    /// Columns of a panel.
    static let width = 16

    /// The count, up to whole panels.
    static func padded(_ count: Int) -> Int { (count + width - 1) / width * width }

    /// How many floats such a matrix takes.
    static func size(rows: Int, columns: Int) -> Int { rows * padded(columns) }

    init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, panel: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.panel = panel ?? rows * Self.width
    }

    var panelCount: Int { (columns + Self.width - 1) / Self.width }

    /// Some of the rows, in place.
    func rows(_ range: Range<Int>) -> Panels {
        Panels(
            base + range.lowerBound * Self.width, rows: range.count, columns: columns, panel: panel)
    }

    /// Some of the panels, in place.
    func panels(_ range: Range<Int>) -> Panels {
        Panels(
            base + range.lowerBound * panel, rows: rows,
            columns: min(range.upperBound * Self.width, columns) - range.lowerBound * Self.width,
            panel: panel)
    }

    subscript(row: Int, column: Int) -> Float {
        get { base[column / Self.width * panel + row * Self.width + column % Self.width] }
        nonmutating set {
            base[column / Self.width * panel + row * Self.width + column % Self.width] = newValue
        }
    }
}
