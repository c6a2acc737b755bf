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

    /// What a tile takes together of a batch: eight examples, or four with their inputs sorted. Its
    /// lists begin at as many fours as there were examples before, counted by fours.
    private struct Group {
        let first: Int
        let rows: Int
        let four: Int
        /// Inputs for all of eight examples; nil: they are sorted.
        let count: Int?
    }

    private let inputs: Buffer<Int32>
    private let values: FloatBuffer
    /// By four, sixteen.
    private let ends: Buffer<Int32>
    private var groups: [Group] = []
    private let starts: Buffer<Int32>
    private let entries: Buffer<gdln_entry>
    /// (examples, examples)
    private let products: FloatBuffer

    /// - Parameter isTrained: whether gradients and inner products will be asked for.
    init(features: Int, capacity: Int, batch: Int, isTrained: Bool) {
        self.features = features
        self.capacity = capacity
        let foursMax = (capacity + batch - 1) / batch * ((batch + 7) / 8 * 2)
        // Written as far as they are read, so they need no zeros at first.
        inputs = Buffer(count: foursMax * features, zero: nil)
        values = Buffer(count: foursMax * features * 4, zero: nil)
        ends = Buffer(count: foursMax * 16, zero: nil)
        starts = Buffer(count: features + 1)
        entries = Buffer(count: isTrained ? capacity * features : 1, zero: nil)
        products = Buffer(
            count: isTrained ? Panels.size(rows: capacity, columns: capacity) : 1, zero: nil)
    }

    /// Where so much of eight examples' common inputs is there, skipping the rest saves less than
    /// weights mixed once for eight instead of four. Belongs to the numeric version.
    private static let denseFill = 0.75

    /// Sorts `count` examples, given as (features, examples). Whether they are dense is judged by
    /// the first eight.
    func load(_ examples: Panels, count: Int, batch: Int) {
        (self.count, self.batch) = (count, batch)
        groups.removeAll(keepingCapacity: true)
        let isDense = isDense(examples, rows: min(8, batch, count))
        var four = 0
        for start in stride(from: 0, to: count, by: batch) {
            let end = min(start + batch, count)
            let together = isDense ? 8 : 4
            for first in stride(from: start, to: end, by: together) {
                let rows = min(together, end - first)
                let found =
                    isDense
                    ? list(examples, first, rows, four) : sort(examples, first, rows, four)
                groups.append(Group(first: first, rows: rows, four: four, count: found))
                four += together / 4
            }
        }
    }

    private func isDense(_ examples: Panels, rows: Int) -> Bool {
        guard rows > 4 else { return false }
        let count = list(examples, 0, rows, 0)
        let present = UnsafeBufferPointer(start: values.base, count: count * 8).count { $0 != 0 }
        return Double(present) >= Self.denseFill * Double(count * rows)
    }

    private func list(_ examples: Panels, _ first: Int, _ rows: Int, _ four: Int) -> Int {
        gdln_list_inputs(
            examples.base, examples.panel, features, first, rows,
            inputs.base + four * features, values.base + four * features * 4)
    }

    private func sort(_ examples: Panels, _ first: Int, _ rows: Int, _ four: Int) -> Int? {
        gdln_sort_inputs(
            examples.base, examples.panel, features, first, rows, inputs.base + four * features,
            values.base + four * features * 4, ends.base + four * 16)
        return nil
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
        for group in groups {
            let part = parts(group.first / batch)
            let place = group.four * features
            var forward = gdln_forward(
                inputs: inputs.base + place, values: values.base + place * 4,
                ends: group.count == nil ? ends.base + group.four * 16 : nil,
                count: group.count ?? 0, weights: weights.base, velocity: velocity?.base,
                weightPanel: weights.panel, weightPart: part.weight, velocityPart: part.velocity,
                panels: weights.panelCount, out: out.base + group.first * Panels.width,
                outPanel: out.panel, rows: group.rows)
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
