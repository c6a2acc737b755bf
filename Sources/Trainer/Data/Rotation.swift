/// An image turned counter-clockwise about its centre, as torchvision's `rotate` turns tensors:
/// nearest neighbour, zeros where nothing was, the same size.
///
/// Each pixel of the turned image asks where it came from: with x and y from the centre in pixels,
///
///     x' = cos x - sin y,  y' = sin x + cos y
///
/// in float32 and in torchvision's order (pixels to -1...1 and back), since a pixel that falls
/// between two others goes by the last bit. Halves round to the even neighbour.
struct Rotation {
    private let cosine: Float
    private let sine: Float

    init(degrees: Double) {
        (cosine, sine) = Self.cosineAndSine(degrees: degrees)
    }

    /// Where pixel (row, column) of the turned image comes from, rows first; rows * columns stands
    /// for nowhere.
    func sources(rows: Int, columns: Int) -> [Int32] {
        let (height, width) = (Float(rows), Float(columns))
        var sources: [Int32] = []
        for row in 0..<rows {
            let y = Float(row) - (height - 1) / 2
            for column in 0..<columns {
                let x = Float(column) - (width - 1) / 2
                let fromX = x * (cosine / (0.5 * width)) + y * (-sine / (0.5 * width))
                let fromY = x * (sine / (0.5 * height)) + y * (cosine / (0.5 * height))
                let fromColumn = (((fromX + 1) * width - 1) / 2).rounded(.toNearestOrEven)
                let fromRow = (((fromY + 1) * height - 1) / 2).rounded(.toNearestOrEven)
                let isInside =
                    fromColumn >= 0 && fromColumn < width && fromRow >= 0 && fromRow < height
                sources.append(
                    Int32(isInside ? Int(fromRow) * columns + Int(fromColumn) : rows * columns))
            }
        }
        return sources
    }

    /// Of + - * / alone, so that every host turns images alike: the angle is brought to -45...45
    /// degrees by quarter turns, and there the two series to the 19th power are exact in double.
    static func cosineAndSine(degrees: Double) -> (Float, Float) {
        let quarters = (degrees / 90).rounded()
        let angle = (degrees - 90 * quarters) * (Double.pi / 180)
        let square = angle * angle
        var (cosine, sine) = (1.0, 1.0)
        for k in stride(from: 18.0, through: 2, by: -2) {
            cosine = 1 - cosine * square / (k * (k - 1))
            sine = 1 - sine * square / (k * (k + 1))
        }
        sine *= angle
        switch Int(quarters) & 3 {
        case 0: return (Float(cosine), Float(sine))
        case 1: return (Float(-sine), Float(cosine))
        case 2: return (Float(-cosine), Float(-sine))
        default: return (Float(sine), Float(-cosine))
        }
    }
}
