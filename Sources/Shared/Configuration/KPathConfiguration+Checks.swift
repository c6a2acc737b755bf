/// What only several fields together can break. Each check names the field that a person would most
/// likely change, with the place it was written at.
extension KPathConfiguration {
    func check(_ fields: FieldReader) {
        checkTargets(fields)
        checkSize(fields)
    }

    /// Every output domain needs a target of its own.
    private func checkTargets(_ fields: FieldReader) {
        if targetTransform == .classCombination, classes % 2 != 0 {
            fields.mistakes.add(
                .conflict, at: fields.place("classes"),
                "found \(classes), wanted an even number: class_combination halves the classes")
            return
        }
        let targets = targetTransform.targetCount(classes: classes)
        guard domains > targets else { return }
        let which =
            targetTransform == .permute ? "permutations" : "combinations of half"
        fields.mistakes.add(
            .conflict, at: fields.place("domains"),
            "found \(domains), wanted at most \(targets): there are no more \(which) of \(classes) "
                + "classes to be targets")
    }

    private func checkSize(_ fields: FieldReader) {
        // The number of input features is only known with the data: at least one.
        let count = parameterCount(inputFeatures: 1)
        guard count > Limits.parametersMax else { return }
        fields.mistakes.add(
            .conflict, at: fields.place("hidden_width"),
            "found \(hiddenWidth), which makes a network of more than \(count) parameters with "
                + "\(domains) domains and these layers, wanted at most \(Limits.parametersMax)")
    }

    /// The weights and biases of all encoders, the shared layers and all decoders, for examples of
    /// D = `inputFeatures` numbers.
    ///
    ///     M (D H + H + (L - 1)(H H + H))  +  S (H H + H)  +  M ((L - 1)(H H + H) + H C + C)
    public func parameterCount(inputFeatures: Int) -> Int {
        let square = hiddenWidth * hiddenWidth + hiddenWidth
        let encoder = inputFeatures * hiddenWidth + hiddenWidth + (layers - 1) * square
        let decoder = (layers - 1) * square + hiddenWidth * outputClasses + outputClasses
        return domains * (encoder + decoder) + hiddenLayers * square
    }

    /// What a decoder tells apart: the classes, or whether a class is in a combination.
    public var outputClasses: Int { targetTransform == .classCombination ? 2 : classes }
}

extension TargetTransform {
    /// How many different targets there are, or `Int.max` where that is more than an `Int` holds.
    func targetCount(classes: Int) -> Int {
        switch self {
        case .none: .max
        case .permute: Self.product(1...max(1, classes))
        case .classCombination: Self.choose(classes, classes / 2)
        }
    }

    private static func product(_ factors: ClosedRange<Int>) -> Int {
        factors.reduce(1) { product, factor in
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : next
        }
    }

    /// n over k, each step a whole number; saturates.
    private static func choose(_ n: Int, _ k: Int) -> Int {
        var result = 1
        for step in 0..<k {
            let (next, overflow) = result.multipliedReportingOverflow(by: n - step)
            if overflow { return .max }
            result = next / (step + 1)
        }
        return result
    }
}
