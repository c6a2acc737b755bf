import Foundation
import Shared

@testable import Trainer

/// Small configurations that between them have every gate family, transform and depth.
enum SmallNetworks {
    static let momentum = Optimizer.sgd(.init(learningRate: 0.1, momentum: 0.9))

    static func configuration(
        domains: Int = 5, classes: Int = 4, input: InputTransform = .permute,
        target: TargetTransform = .permute, width: Int = 6, layers: Int = 1, hidden: Int = 1,
        relu: Bool = false, gate: GateRecipe.Family = .plusMod(k: 2),
        columns: GateRecipe.ColumnOrder = .natural, batch: Int = 3, epochs: Int = 2,
        optimizer: Optimizer = momentum
    ) -> KPathConfiguration {
        KPathConfiguration(
            dataset: "small", domains: domains, classes: classes, inputTransform: input,
            targetTransform: target, hiddenWidth: width, layers: layers, hiddenLayers: hidden,
            relu: relu, initialization: Initialization(gain: 1.5, bias: 0.1),
            gate: GateRecipe(family: gate, columns: columns), batchSize: batch, epochs: epochs,
            optimizer: optimizer, seeds: Seeds(gate: 1, weights: 2, data: 3))
    }

    static let all: [KPathConfiguration] = [
        configuration(),
        configuration(input: .none, target: .none, gate: .fullyConnected),
        configuration(input: .rotate, gate: .plusMod(k: 3), columns: .permuted),
        configuration(layers: 2, relu: true, gate: .plusMinusMod(k: 3)),
        configuration(layers: 3, hidden: 2, relu: true, gate: .plusMod(k: 4), columns: .permuted),
        configuration(input: .rotate, layers: 2, hidden: 2, gate: .plusMinusMod(k: 2)),
        configuration(target: .classCombination, layers: 2, hidden: 2, relu: true, gate: .mod),
        configuration(
            domains: 3, input: .rotate, target: .classCombination, gate: .plusMod(k: 1), batch: 1),
        configuration(domains: 1, gate: .fullyConnected, batch: 9),
        configuration(domains: 9, width: 17, gate: .explicit(checkered(9)), batch: 2),
        configuration(
            domains: 20, width: 3, layers: 2, relu: true, gate: .explicit(scattered(20)), batch: 2),
        configuration(domains: 16, width: 5, gate: .plusMod(k: 8), columns: .permuted, batch: 2),
    ]

    /// Every other gate: no output's domains are neighbours, so that columns are gathered.
    static func checkered(_ size: Int) -> [[Bool]] {
        (0..<size).map { row in (0..<size).map { (row + $0) % 2 == 0 } }
    }

    static func scattered(_ size: Int) -> [[Bool]] {
        var random = SeededRandom(seed: 5, purpose: .embeddedData)
        // The first output serves nobody.
        return (0..<size).map { _ in (0..<size).map { $0 > 0 && random.below(3) == 0 } }
    }

    /// Images of 5 x 7 with labels below 6, some of which no network here uses.
    static func split(count: Int, seed: UInt64) -> Dataset.Split {
        var random = SeededRandom(seed: seed, purpose: .embeddedData)
        return Dataset.Split(
            inputs: .images(
                pixels: Data((0..<count * 35).map { _ in UInt8(random.below(256)) }), rows: 5,
                columns: 7),
            labels: (0..<count).map { _ in UInt8(random.below(6)) })
    }

    static func naive(_ set: ExampleSet, _ rows: Range<Int>) -> [KPathNaive.Example] {
        let buffer = FloatBuffer(count: 35)
        return rows.map { row in
            set.copyInputs(row, to: buffer.base)
            return KPathNaive.Example(
                input: buffer.values.map(Double.init), label: set.label(row))
        }
    }
}
