import CKernels

/// The inputs of a block of steps as one input domain sees them, sorted so that zeros cost nothing:
/// for each step its inputs that are not zero, for each input its examples where it is not, and the
/// inner products of all pairs of examples.
///
/// What is skipped is exact: a term of zero times a number changes no sum.
final class InputBlock {
    let features: Int
    /// Examples that fit.
    let capacity: Int
    /// Examples that are there, in batches of `batch`.
    private(set) var count = 0
    private(set) var batch = 1

    /// By eights: a batch's examples, eight by eight.
    private let inputs: Buffer<Int32>
    private let values: FloatBuffer
    private var eights: [(first: Int, rows: Int, count: Int)] = []
    private let starts: Buffer<Int32>
    private let entries: Buffer<gdln_entry>
    /// (examples, examples)
    private let products: FloatBuffer

    /// - Parameter isTrained: whether gradients and inner products will be asked for.
    init(features: Int, capacity: Int, batch: Int, isTrained: Bool) {
        self.features = features
        self.capacity = capacity
        let eightsMax = (capacity + batch - 1) / batch * ((batch + 7) / 8)
        // Written as far as they are read, so they need no zeros at first.
        inputs = Buffer(count: eightsMax * features, zero: nil)
        values = Buffer(count: eightsMax * features * 8, zero: nil)
        starts = Buffer(count: features + 1)
        entries = Buffer(count: isTrained ? capacity * features : 1, zero: nil)
        products = Buffer(
            count: isTrained ? Panels.size(rows: capacity, columns: capacity) : 1, zero: nil)
    }

    /// Sorts `count` examples, given as (features, examples).
    func load(_ examples: Panels, count: Int, batch: Int) {
        (self.count, self.batch) = (count, batch)
        eights.removeAll(keepingCapacity: true)
        for start in stride(from: 0, to: count, by: batch) {
            let end = min(start + batch, count)
            for first in stride(from: start, to: end, by: 8) {
                let (rows, place) = (min(8, end - first), eights.count * features)
                let found = gdln_list_inputs(
                    examples.base, examples.panel, features, first, rows, inputs.base + place,
                    values.base + place * 8)
                eights.append((first, rows, found))
            }
        }
    }

    /// Multiplies all pairs of examples.
    func multiplyPairs(_ examples: Panels, _ machine: Machine) {
        machine.multiply(
            transposed: Panels(
                examples.base, rows: features, columns: count, panel: examples.panel),
            Panels(examples.base, rows: features, columns: count, panel: examples.panel),
            into: Panels(
                products.base, rows: count, columns: count, panel: capacity * Panels.width),
            from: .zero)
    }

    /// Lists what each input gives to the gradients: of step t, its values times forWeight[t], and
    /// for the velocity times forVelocity[t].
    func listEntries(_ examples: Panels, forWeight: [Float], forVelocity: [Float]) {
        gdln_list_entries(
            examples.base, examples.panel, features, count, batch, forWeight, forVelocity,
            starts.base, entries.base)
    }

    /// Writes the matrix (step * batch, batch) of what earlier slopes come to count for in step
    /// `step`, where one of step s counts counted[s] times the inner product.
    func corrections(step: Int, counted: [Float], into out: Panels) {
        gdln_list_corrections(
            out.base, out.panel, products.base, capacity * Panels.width, step, batch, counted)
    }

    /// out (examples, H) = examples times weights, the weights of a batch being
    /// weightParts[batch] * weights + velocityParts[batch] * velocity.
    func forward(
        _ machine: Machine, weights: Panels, velocity: Panels?, into out: Panels,
        parts: (_ batch: Int) -> (weight: Float, velocity: Float)
    ) {
        for (index, eight) in eights.enumerated() {
            let part = parts(eight.first / batch)
            let place = index * features
            var forward = gdln_forward(
                inputs: inputs.base + place, values: values.base + place * 8, count: eight.count,
                weights: weights.base, velocity: velocity?.base, weightPanel: weights.panel,
                weightPart: part.weight, velocityPart: part.velocity, panels: weights.panelCount,
                out: out.base + eight.first * Panels.width, outPanel: out.panel, rows: eight.rows)
            machine.kernels.pointee.forward(&forward)
        }
    }

    /// A description of the update of `weights` by the slopes (examples, H).
    func update(weights: Panels, velocity: Panels?, slopes: Panels, _ row: UpdateParts = .init())
        -> gdln_update
    {
        gdln_update(
            features: features, starts: starts.base, entries: entries.base, slopes: slopes.base,
            slopePanel: slopes.panel, weights: weights.base, velocity: velocity?.base,
            weightPanel: weights.panel, panels: weights.panelCount, weightKept: row.weightKept,
            velocityLent: row.velocityLent, weightLent: row.weightLent,
            velocityKept: row.velocityKept)
    }

    /// What of weights and velocity remains in each other.
    struct UpdateParts {
        var weightKept: Float = 1
        var velocityLent: Float = 0
        var weightLent: Float = 0
        var velocityKept: Float = 1
    }
}
