import CKernels
import Shared

/// Reads examples as the input domains see them, (features, examples), into memory of its own: each
/// thread has one.
final class InputLoader {
    private let network: KPathNetwork
    private let spread: FloatBuffer
    private let capacity: Int
    /// An example, and a zero after it.
    private let example: FloatBuffer

    init(_ network: KPathNetwork, capacity: Int) {
        self.network = network
        self.capacity = Panels.padded(capacity)
        let features = network.shape.features
        spread = FloatBuffer(count: Panels.size(rows: features, columns: capacity))
        example = FloatBuffer(count: features + 1)
    }

    /// The examples at `rows` in view `view`, of which there is one where domains share their
    /// inputs.
    func load(_ examples: ExampleSet, rows: ArraySlice<Int>, view: Int) -> Panels {
        let (features, views) = (network.shape.features, network.views)
        let panel = features * Panels.width
        views.sources.withUnsafeBufferPointer { sources in
            let map = views.isShared ? nil : sources.baseAddress.map { $0 + view * features }
            for (e, row) in rows.enumerated() {
                examples.copyInputs(row, to: example.base)
                gdln_spread_example(spread.base, panel, e, example.base, map, features)
            }
        }
        return Panels(spread.base, rows: features, columns: rows.count, panel: panel)
    }
}
