import CKernels
import FoundationEssentials
import Shared

/// The examples of one split that a task uses, in the file's order: those with a label below the
/// number of classes, the first so many of them.
struct ExampleSet {
    private let inputs: Dataset.Inputs
    /// Where each used example stands in the split.
    private let rows: [Int]
    private let labels: [UInt8]

    var count: Int { rows.count }

    /// - Parameter limit: how many to use at most; nil: all.
    init(_ split: Dataset.Split, name: String, classes: Int, limit: Int?) throws(TrainingError) {
        guard limit ?? 1 >= 1 else {
            throw TrainingError(
                "\(limit ?? 0) \(name) examples are asked for: at least one is needed.")
        }
        inputs = split.inputs
        rows = ExampleSelection.rows(of: split.labels, classes: classes, limit: limit)
        labels = rows.map { split.labels[$0] }
        guard !rows.isEmpty else {
            throw TrainingError(
                "None of the \(split.count) \(name) examples has a label below \(classes), the "
                    + "number of classes: at least one is needed.")
        }
    }

    func label(_ example: Int) -> UInt8 { labels[example] }

    /// Writes an example's numbers as a network sees them: pixels divided by 255.
    func copyInputs(_ example: Int, to out: UnsafeMutablePointer<Float>) {
        switch inputs {
        case .images(let pixels, let height, let width):
            let size = height * width
            pixels.withUnsafeBytes { bytes in
                let start = rows[example] * size
                let levels = greyLevels
                for j in 0..<size { out[j] = levels[Int(bytes[start + j])] }
            }
        case .features(let values, let size):
            values.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                out.update(from: base + rows[example] * size, count: size)
            }
        }
    }
}

/// i / 255, rounded once.
private let greyLevels: [Float] = (0..<256).map { Float($0) / 255 }
