import Shared

@testable import Trainer

/// A k-path network by its definition, in double: one pathway and one example at a time, inputs
/// transformed as the domain sees them, parameters by PyTorch's names and shapes. Nothing is
/// absorbed, stacked or banded. The oracle for the trainer's losses and gradients.
struct KPathNaive {
    let shape: KPathShape
    let gate: GateStructure
    let views: InputViews
    let labels: LabelMaps
    var parameters: [String: [Double]]

    init(_ network: KPathNetwork) {
        shape = network.shape
        gate = network.gate
        views = network.views
        labels = network.labels
        parameters = network.export().tensors.mapValues { $0.floats.map(Double.init) }
    }

    struct Example {
        var input: [Double]
        var label: UInt8
    }

    /// What domain m sees.
    private func view(_ input: [Double], _ m: Int) -> [Double] {
        switch views.transform {
        case .none: input
        case .permute: views.columnOrders[m].map { input[$0] }
        case .rotate:
            (0..<shape.features).map {
                let source = Int(views.sources[m * shape.features + $0])
                return source < shape.features ? input[source] : 0
            }
        }
    }

    private func module(_ layer: Int) -> Int { layer * (shape.relu ? 2 : 1) }

    /// W x + b with W (out, in).
    private func linear(_ name: String, _ x: [Double]) -> [Double] {
        let weight = parameters["\(name).weight"] ?? []
        return (parameters["\(name).bias"] ?? []).enumerated().map { row, bias in
            x.indices.reduce(bias) { $0 + weight[row * x.count + $1] * x[$1] }
        }
    }

    /// x W + b with W (in, out), of decoder n.
    private func decode(_ layer: Int, _ n: Int, _ x: [Double]) -> [Double] {
        let name = "decoders._model.\(module(layer))"
        let outputs = shape.decoderOutputs(layer: layer)
        let (weight, bias) = (parameters["\(name).weight"] ?? [], parameters["\(name).bias"] ?? [])
        return (0..<outputs).map { o in
            x.indices.reduce(bias[n * outputs + o]) {
                $0 + x[$1] * weight[(n * x.count + $1) * outputs + o]
            }
        }
    }

    private func part(_ x: [Double], layers: Int, _ layer: (Int, [Double]) -> [Double]) -> [Double]
    {
        (0..<layers).reduce(x) { input, i in
            let out = layer(i, input)
            return shape.relu && i < layers - 1 ? out.map { max($0, 0) } : out
        }
    }

    func logits(_ m: Int, _ n: Int, _ input: [Double]) -> [Double] {
        let encoded = part(view(input, m), layers: shape.layers) {
            linear("encoders.\(m).\(module($0) + 1)", $1)
        }
        let hidden = part(encoded, layers: shape.hiddenLayers) {
            linear("hidden_layer.\(module($0))", $1)
        }
        return part(hidden, layers: shape.layers) { decode($0, n, $1) }
    }

    /// Mean cross-entropy and accuracy over the pathways that are open, or closed, and examples.
    func measure(open: Bool, _ examples: [Example]) -> (loss: Double, accuracy: Double) {
        var (loss, correct, count) = (0.0, 0.0, 0.0)
        for m in 0..<shape.domains {
            for n in 0..<shape.domains where gate.isOpen(input: m, output: n) == open {
                for example in examples {
                    let logits = logits(m, n, example.input)
                    let label = Int(labels.label(n, example.label))
                    loss += KernelTwins.softmax(logits, label: label).loss
                    correct += logits.firstIndex(of: logits.max() ?? 0) == label ? 1 : 0
                    count += 1
                }
            }
        }
        return (loss / count, correct / count)
    }
}
