import Shared

/// What each input domain sees of an example, made once from the configuration.
///
/// Domains that see the same numbers in another order need no inputs of their own: permuting the
/// inputs and permuting the columns of the first weights is the same network with the same
/// gradient, so a permutation is applied to weights as they come and go, and all encoders read one
/// input.
struct InputViews {
    let transform: InputTransform
    let domains: Int
    /// D.
    let features: Int
    /// `permute`: domain m's number j is number columnOrders[m][j] of the example. Else empty.
    let columnOrders: [[Int]]
    /// `rotate`: where domain m's number j stands in the example, (domains, features); `features`
    /// itself stands for a zero. Else empty.
    let sources: [Int32]

    init(_ transform: InputTransform, domains: Int, of inputs: Dataset.Inputs) throws(TrainingError)
    {
        self.transform = transform
        self.domains = domains
        features = inputs.featureCount
        switch (transform, inputs) {
        case (.none, _):
            (columnOrders, sources) = ([], [])
        case (.permute, _):
            sources = []
            columnOrders = (0..<domains).map { domain in
                var random = NumPyRandom(seed: UInt64(domain))
                return random.permutation(inputs.featureCount)
            }
        case (.rotate, .images(_, let rows, let columns)):
            columnOrders = []
            sources = (0..<domains).flatMap { domain in
                Rotation(degrees: 270 * Double(domain) / Double(domains))
                    .sources(rows: rows, columns: columns)
            }
        case (.rotate, .features):
            throw TrainingError(
                "The data set has features of \(inputs.featureCount) numbers, which cannot be "
                    + "rotated: the input transform 'rotate' wants images.")
        }
    }

    /// Whether all domains read one and the same input.
    var isShared: Bool { transform != .rotate }

    /// Where PyTorch's column j of domain m's first weights is kept.
    func keptColumn(domain: Int, _ column: Int) -> Int {
        columnOrders.isEmpty ? column : columnOrders[domain][column]
    }
}
