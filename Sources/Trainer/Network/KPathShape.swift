import Shared

/// The sizes of a k-path network, by the letters of the Mathematics page.
struct KPathShape: Equatable {
    /// M: encoders, and decoders.
    let domains: Int
    /// D: numbers of one example.
    let features: Int
    /// H.
    let width: Int
    /// The logits of a decoder: C, or two where targets are class combinations.
    let outputClasses: Int
    /// Linear layers of an encoder and of a decoder, and of the shared part.
    let layers: Int
    let hiddenLayers: Int
    /// ReLU between the layers within each part.
    let relu: Bool

    /// H in whole panels.
    var paddedWidth: Int { Panels.padded(width) }

    func encoderInputs(layer: Int) -> Int { layer == 0 ? features : width }
    func decoderOutputs(layer: Int) -> Int { layer == layers - 1 ? outputClasses : width }

    /// All weights and biases; nil where the number is more than an Int.
    var parameterCount: Int? {
        var total = 0
        func add(_ factors: Int...) -> Bool {
            var product = 1
            for factor in factors {
                let (next, overflow) = product.multipliedReportingOverflow(by: factor)
                if overflow { return false }
                product = next
            }
            let (sum, overflow) = total.addingReportingOverflow(product)
            total = sum
            return !overflow
        }
        let fits =
            add(domains, width, features) && add(domains, width, layers)
            && add(domains, width, width, layers - 1) && add(hiddenLayers, width, width)
            && add(hiddenLayers, width) && add(domains, width, width, layers - 1)
            && add(domains, width, layers - 1) && add(domains, width, outputClasses)
            && add(domains, outputClasses)
        return fits ? total : nil
    }
}
