import Shared

/// A network's parameters by PyTorch's names, shapes and order, in and out: files, first weights
/// and checkpoints know nothing of the layout in memory.
///
///     encoders.M.I.weight (out, in), .bias (out)              for each domain M
///     hidden_layer.I.weight (out, in), .bias (out)
///     decoders._model.I.weight (domains, in, out), .bias (domains, 1, out)
///
/// I counts modules: encoders begin at 1 (module 0 flattens), the others at 0, and with ReLU
/// between the layers it steps by two.
struct KPathTensor {
    enum Part: Equatable {
        case encoder(domain: Int)
        case hidden
        case decoders
    }

    let part: Part
    let layer: Int
    let isBias: Bool
    /// The tensor's random stream: encoders by domain, then by layer; hidden layers; decoders. A
    /// weight and its bias share a number, as a bias draws nothing.
    let index: Int
    let name: String
    /// As PyTorch has it.
    let shape: [Int]

    var count: Int { shape.reduce(1, *) }
}

extension KPathShape {
    /// Every tensor of the network.
    var tensors: [KPathTensor] {
        (0..<domains).flatMap { tensors(.encoder(domain: $0), layers: layers) }
            + tensors(.hidden, layers: hiddenLayers) + tensors(.decoders, layers: layers)
    }

    private func tensors(_ part: KPathTensor.Part, layers: Int) -> [KPathTensor] {
        (0..<layers).flatMap { layer in
            [false, true].map { isBias in
                KPathTensor(
                    part: part, layer: layer, isBias: isBias, index: index(part, layer),
                    name: name(part, layer) + (isBias ? ".bias" : ".weight"),
                    shape: isBias ? biasShape(part, layer) : weightShape(part, layer))
            }
        }
    }

    private func index(_ part: KPathTensor.Part, _ layer: Int) -> Int {
        switch part {
        case .encoder(let domain): domain * layers + layer
        case .hidden: domains * layers + layer
        case .decoders: domains * layers + hiddenLayers + layer
        }
    }

    private func name(_ part: KPathTensor.Part, _ layer: Int) -> String {
        let module = layer * (relu ? 2 : 1)
        return switch part {
        case .encoder(let domain): "encoders.\(domain).\(module + 1)"
        case .hidden: "hidden_layer.\(module)"
        case .decoders: "decoders._model.\(module)"
        }
    }

    private func weightShape(_ part: KPathTensor.Part, _ layer: Int) -> [Int] {
        switch part {
        case .encoder: [width, encoderInputs(layer: layer)]
        case .hidden: [width, width]
        case .decoders: [domains, width, decoderOutputs(layer: layer)]
        }
    }

    private func biasShape(_ part: KPathTensor.Part, _ layer: Int) -> [Int] {
        switch part {
        case .encoder, .hidden: [width]
        case .decoders: [domains, 1, decoderOutputs(layer: layer)]
        }
    }
}

// MARK: - Where an element is kept

extension KPathNetwork {
    /// Calls `body` with each element's place in PyTorch's order and in the layout.
    private func forEachElement(_ tensor: KPathTensor, _ body: (_ theirs: Int, _ ours: Int) -> Void)
    {
        let layer = tensor.layer
        switch (tensor.part, tensor.isBias) {
        case (.encoder(let domain), false):
            let start =
                layout.encoderWeights[layer]
                + domain * shape.encoderInputs(layer: layer) * shape.paddedWidth
            forEachWeight(tensor, start, body) { column in
                layer == 0 ? views.keptColumn(domain: domain, column) : column
            }
        case (.encoder(let domain), true):
            let start = encoderBiasesStart(layer: layer, domain: domain)
            for h in 0..<tensor.count { body(h, start + h) }
        case (.hidden, false):
            forEachWeight(tensor, layout.hiddenWeights[layer], body) { $0 }
        case (.hidden, true):
            for h in 0..<tensor.count { body(h, layout.hiddenBiases[layer] + h) }
        case (.decoders, false):
            forEachDecoderWeight(tensor, layout.decoderWeights[layer], body)
        case (.decoders, true):
            let outputs = tensor.shape[2]
            for (slot, output) in plan.outputs.enumerated() {
                let start = decoderBiasesStart(layer: layer, slot: slot)
                for o in 0..<outputs { body(output * outputs + o, start + o) }
            }
        }
    }

    /// (out, in) to (in, out) in panels.
    private func forEachWeight(
        _ tensor: KPathTensor, _ start: Int, _ body: (Int, Int) -> Void, kept: (Int) -> Int
    ) {
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        for i in 0..<inputs {
            let row = start + kept(i) * Panels.width
            for o in 0..<outputs {
                let panel = o / Panels.width * inputs * Panels.width
                body(o * inputs + i, row + panel + o % Panels.width)
            }
        }
    }

    /// (domains, in, out) to ((slot, out), in) in panels.
    private func forEachDecoderWeight(
        _ tensor: KPathTensor, _ start: Int, _ body: (Int, Int) -> Void
    ) {
        let (inputs, outputs) = (tensor.shape[1], tensor.shape[2])
        let rows = shape.domains * outputs
        for (slot, output) in plan.outputs.enumerated() {
            for i in 0..<inputs {
                let column = start + i / Panels.width * rows * Panels.width + i % Panels.width
                for o in 0..<outputs {
                    body(
                        (output * inputs + i) * outputs + o,
                        column + (slot * outputs + o) * Panels.width)
                }
            }
        }
    }
}

// MARK: - In and out

extension KPathNetwork {
    /// Draws the first weights. The decoders are one tensor to PyTorch, (domains, in, out), and its
    /// fans are odd: in * out, and domains * out.
    func initialize(_ initialization: Initialization, seed: UInt64) {
        let xavier = XavierInitialization(initialization: initialization, seed: seed)
        for tensor in shape.tensors {
            if tensor.isBias {
                let bias = Float(initialization.bias)
                forEachElement(tensor) { _, ours in parameters.base[ours] = bias }
                continue
            }
            let (fanIn, fanOut) =
                tensor.part == .decoders
                ? (tensor.shape[1] * tensor.shape[2], tensor.shape[0] * tensor.shape[2])
                : (tensor.shape[1], tensor.shape[0])
            let values = xavier.values(
                count: tensor.count, fanIn: fanIn, fanOut: fanOut, tensor: tensor.index)
            forEachElement(tensor) { theirs, ours in parameters.base[ours] = values[theirs] }
        }
    }

    /// Takes all parameters from a file.
    /// Throws where a tensor is missing or of another shape.
    func load(_ file: Safetensors) throws { try load(file, into: parameters) }

    /// Any array of the same layout, from tensors under the parameters' names after a prefix.
    func load(_ file: Safetensors, prefix: String = "", into buffer: FloatBuffer) throws {
        for tensor in shape.tensors {
            let name = prefix + tensor.name
            let found = try file.tensor(name, .float32, rank: tensor.shape.count)
            guard found.shape == tensor.shape else {
                throw TrainingError(
                    "The tensor '\(name)' has the shape \(found.shape); "
                        + "\(tensor.shape) was wanted.")
            }
            let values = found.floats
            forEachElement(tensor) { theirs, ours in buffer.base[ours] = values[theirs] }
        }
    }

    /// The parameters as a file.
    func export() -> Safetensors { export(parameters) }

    /// Any array of the same layout, an optimizer's state say, under the parameters' names.
    func export(_ buffer: FloatBuffer) -> Safetensors {
        var file = Safetensors()
        export(buffer, to: &file)
        return file
    }

    func export(_ buffer: FloatBuffer, prefix: String = "", to file: inout Safetensors) {
        for tensor in shape.tensors {
            var values = [Float](repeating: 0, count: tensor.count)
            forEachElement(tensor) { theirs, ours in values[theirs] = buffer.base[ours] }
            file.set(prefix + tensor.name, values, shape: tensor.shape)
        }
    }
}
