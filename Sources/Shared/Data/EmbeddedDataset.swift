import FoundationEssentials

/// A data set made by code, for machines that have no other: ten digit-like glyphs of 28 x 28,
/// drawn with a pen of random place, slant, size, width and pressure, and some dust.
///
/// Invariants: integer arithmetic alone, so that every host and compiler makes the same bytes (a
/// test holds their SHA-256: change it, and the set needs another name); example i is of class
/// i mod 10, in both splits; each example has its own random stream, the test split's numbers
/// following the training split's.
public enum EmbeddedDataset {
    public static let name = "embedded-digits"

    private static let trainCount = 4_000
    private static let testCount = 1_000

    public static func make() -> Dataset {
        beginning(trainExamples: trainCount, testExamples: testCount)
    }

    /// What its labels say, without the images.
    public static func labels() -> DatasetLabels {
        DatasetLabels(
            train: LabelSummary(labels(0..<trainCount)),
            test: LabelSummary(labels(trainCount..<trainCount + testCount)))
    }

    private static func labels(_ examples: Range<Int>) -> [UInt8] {
        examples.map { UInt8($0 % Glyphs.corners.count) }
    }

    /// The first examples of each split, at most all: for trainings that use no more.
    public static func beginning(trainExamples: Int, testExamples: Int) -> Dataset {
        let (train, test) = (min(trainExamples, trainCount), min(testExamples, testCount))
        return Dataset(
            sound: split(0..<max(0, train)), split(trainCount..<trainCount + max(0, test)))
    }

    private static func split(_ examples: Range<Int>) -> Dataset.Split {
        var pixels = Data(capacity: examples.count * Canvas.side * Canvas.side)
        for example in examples { pixels.append(contentsOf: image(ofExample: example)) }
        return Dataset.Split(
            inputs: .images(pixels: pixels, rows: Canvas.side, columns: Canvas.side),
            labels: labels(examples))
    }

    private static func image(ofExample example: Int) -> [UInt8] {
        var random = SeededRandom(seed: 0, purpose: .embeddedData, index: UInt64(example))
        let hand = Hand(&random)
        let glyph = Glyphs.corners[example % Glyphs.corners.count]
        let points = glyph.map { hand.place($0, &random) }
        var canvas = Canvas()
        for (start, end) in zip(points, points.dropFirst()) {
            canvas.draw(from: start, to: end, radius: hand.radius, grey: hand.grey)
        }
        canvas.addDust(&random)
        return canvas.pixels
    }
}

/// A place on the canvas in sixteenths of a pixel, x to the right and y down.
private struct Point {
    var x: Int
    var y: Int
}

/// The corners of one stroke a class, on a grid of 8 x 12.
private enum Glyphs {
    static let corners: [[(x: Int, y: Int)]] = [
        [(2, 0), (6, 0), (8, 3), (8, 9), (6, 12), (2, 12), (0, 9), (0, 3), (2, 0)],
        [(2, 3), (4, 0), (4, 12)],
        [(0, 3), (2, 0), (6, 0), (8, 3), (0, 12), (8, 12)],
        [(0, 0), (8, 0), (4, 5), (8, 8), (6, 12), (0, 12)],
        [(6, 12), (6, 0), (0, 8), (8, 8)],
        [(8, 0), (1, 0), (0, 5), (6, 5), (8, 8), (6, 12), (0, 12)],
        [(7, 0), (2, 4), (0, 8), (2, 12), (6, 12), (8, 9), (6, 6), (0, 8)],
        [(0, 0), (8, 0), (3, 12)],
        [(2, 0), (6, 0), (8, 3), (0, 9), (2, 12), (6, 12), (8, 9), (0, 3), (2, 0)],
        [(8, 4), (6, 6), (2, 6), (0, 3), (2, 0), (6, 0), (8, 3), (6, 12)],
    ]
}

/// How one example is written. Lengths are in sixteenths of a pixel.
private struct Hand {
    let shift: Point
    /// The size of a cell of the glyphs' grid.
    let cell: Point
    /// How far the top of a glyph leans to the right, in 64ths of its height.
    let slant: Int
    let radius: Int
    let grey: Int

    init(_ random: inout SeededRandom) {
        shift = Point(x: random.from(-48, to: 48), y: random.from(-40, to: 40))
        cell = Point(x: random.from(20, to: 31), y: random.from(20, to: 27))
        slant = random.from(-12, to: 24)
        radius = random.from(7, to: 15)
        grey = random.from(150, to: 255)
    }

    /// Where a corner comes to lie: about the canvas's middle, within two pixels of true.
    func place(_ corner: (x: Int, y: Int), _ random: inout SeededRandom) -> Point {
        let middle = 16 * Canvas.side / 2
        let (x, y) = ((corner.x - 4) * cell.x, (corner.y - 6) * cell.y)
        return Point(
            x: middle + shift.x + x - y * slant / 64 + random.from(-28, to: 28),
            y: middle + shift.y + y + random.from(-28, to: 28))
    }
}

private struct Canvas {
    static let side = 28
    private(set) var pixels = [UInt8](repeating: 0, count: side * side)

    /// How far the pen's edge takes to fade, in sixteenths of a pixel.
    private static let edge = 12

    /// Draws a line of a round pen. Where lines cross, the brighter one wins: they do not add up.
    mutating func draw(from start: Point, to end: Point, radius: Int, grey: Int) {
        let reach = radius + Self.edge
        let (full, none) = (radius * radius, reach * reach)
        for row in Self.pixels(between: start.y, and: end.y, margin: reach) {
            for column in Self.pixels(between: start.x, and: end.x, margin: reach) {
                let centre = Point(x: 16 * column + 8, y: 16 * row + 8)
                let distance = squaredDistance(from: centre, toLine: start, end)
                let share = min(max(none - distance, 0), none - full)
                let index = Self.side * row + column
                pixels[index] = max(pixels[index], UInt8(grey * share / (none - full)))
            }
        }
    }

    /// Sixteen pixels of faint grey, anywhere.
    mutating func addDust(_ random: inout SeededRandom) {
        for _ in 0..<16 {
            let index = random.below(pixels.count)
            pixels[index] = max(pixels[index], UInt8(random.from(16, to: 144)))
        }
    }

    /// The pixels that a line's extent and the pen's margin touch, cut to the canvas.
    private static func pixels(between a: Int, and b: Int, margin: Int) -> Range<Int> {
        let first = min(max((min(a, b) - margin) / 16, 0), side)
        let last = min(max((max(a, b) + margin) / 16, -1), side - 1)
        return first..<max(first, last + 1)
    }
}

/// The square of the distance from a point to the nearest point of a line, in 256ths of a pixel's.
private func squaredDistance(from point: Point, toLine start: Point, _ end: Point) -> Int {
    let line = Point(x: end.x - start.x, y: end.y - start.y)
    let away = Point(x: point.x - start.x, y: point.y - start.y)
    let length = line.x * line.x + line.y * line.y
    let along = line.x * away.x + line.y * away.y
    if along <= 0 { return away.x * away.x + away.y * away.y }
    if along >= length {
        let (x, y) = (point.x - end.x, point.y - end.y)
        return x * x + y * y
    }
    let across = line.x * away.y - line.y * away.x
    return across * across / length
}

extension SeededRandom {
    /// Uniform from the first to the last, both included.
    fileprivate mutating func from(_ first: Int, to last: Int) -> Int {
        first + below(last - first + 1)
    }
}
