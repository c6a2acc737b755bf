extension SweepMistakeTests {
    /// Mistakes in the document, in the base and between its fields.
    static let fields: [Row] = [
        // The document.
        Row(
            "name: study", becomes: "nmae: study",
            """
            line 1, nmae: found an unknown key; did you mean name?
            """),
        Row(
            "name: study", becomes: "name: 7",
            """
            line 1, name: found 7, wanted a name for the sweep
            """),
        Row(
            "name: study", becomes: "name: \"\"",
            """
            line 1, name: found "", wanted a name for the sweep of 1 to 128 bytes, on one \
            line
            """),
        Row(
            "experiment: k_path", becomes: "",
            """
            line 1: found no experiment, wanted k_path, routing or gated_network
            """),
        Row(
            "experiment: k_path", becomes: "experiment: kpath",
            """
            line 2, experiment: found "kpath", wanted k_path, routing or gated_network; did you \
            mean k_path?
            """),
        Row(
            "axes:", becomes: "axis:",
            """
            line 12, axis: found an unknown key; did you mean axes?
            """),
        Row(
            "attempts: 3", becomes: "attempts: 0",
            """
            line 16, attempts: found 0, wanted a whole number from 1 to 100
            """),
        Row(
            "attempts: 3", becomes: "atempts: 3",
            """
            line 16, atempts: found an unknown key; did you mean attempts?
            """),
        Row(
            "attempts: 3", becomes: "hidden_width: 64",
            """
            line 16, hidden_width: found an unknown key; did you mean base.hidden_width?
            """),
        Row(
            "attempts: 3", becomes: "shuffle: []",
            """
            line 16, shuffle: found an unknown key, wanted name, experiment, base, axes, exclude, \
            search, attempts, checkpoint, recheck, halving or share_results
            """),
        Row(
            "base:\n", becomes: "base: 3\nx:\n",
            """
            line 3, base: found 3, wanted a map of a configuration's keys
            line 4, x: found an unknown key, wanted name, experiment, base, axes, exclude, \
            search, attempts, checkpoint, recheck, halving or share_results
            """),
        Row(
            "attempts: 3", becomes: "checkpoint: 5",
            """
            line 16, checkpoint: found 5, wanted a map of every_epochs
            """),
        Row(
            "attempts: 3", becomes: "checkpoint: {every_epochs: 0, often: true}",
            """
            line 16, checkpoint.every_epochs: found 0, wanted a whole number from 1 to 1000000
            line 16, checkpoint.often: found an unknown key, wanted every_epochs
            """),
        Row(
            "attempts: 3", becomes: "recheck: 0.5",
            """
            line 16, recheck: found 0.5, wanted a map of share
            """),
        Row(
            "attempts: 3", becomes: "recheck: {share: 2, often: true}",
            """
            line 16, recheck.share: found 2, wanted a number from 0 to 1
            line 16, recheck.often: found an unknown key, wanted share
            """),
        // Fields of the base.
        Row(
            "  dataset: mnist", becomes: "",
            """
            line 3, base: found no dataset, wanted the name of a data set
            """),
        Row(
            "  dataset: mnist", becomes: "  dataset: 5",
            """
            line 4, base.dataset: found 5, wanted the name of a data set
            """),
        Row(
            "  domains: 10", becomes: "  domains: 0",
            """
            line 5, base.domains: found 0, wanted a whole number from 1 to 1000
            """),
        Row(
            "  domains: 10", becomes: "  domains: 10.5",
            """
            line 5, base.domains: found 10.5, wanted a whole number from 1 to 1000
            """),
        Row(
            "  domains: 10", becomes: "  domains: 100000",
            """
            line 5, base.domains: found 100000, wanted a whole number from 1 to 1000
            """),
        Row(
            "  domains: 10", becomes: "  domains:",
            """
            line 5, base.domains: found nothing, wanted a whole number from 1 to 1000
            """),
        Row(
            "  domains: 10", becomes: "  domains: [10, 20]",
            """
            line 5, base.domains: found a list, wanted a whole number from 1 to 1000
            """),
        Row(
            "  hidden_width: 64", becomes: "  hiden_width: 64",
            """
            line 7, base.hiden_width: found an unknown key; did you mean hidden_width?
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: wide",
            """
            line 7, base.hidden_width: found "wide", wanted a whole number from 1 to 16384
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: {of: 64}",
            """
            line 7, base.hidden_width: found a map, wanted a whole number from 1 to 16384
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  relu: yes",
            """
            line 8, base.relu: found "yes", wanted true or false
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  layers: 17",
            """
            line 8, base.layers: found 17, wanted a whole number from 1 to 16
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  learning_rate: 0.1",
            """
            line 8, base.learning_rate: found an unknown key; did you mean \
            optimizer.learning_rate?
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  init.gain: 2",
            """
            line 8, base.init.gain: found an unknown key; did you mean init: {gain: …}?
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  input_transform: permuted",
            """
            line 8, base.input_transform: found "permuted", wanted none, permute or rotate; \
            did you mean permute?
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  evaluation: {every: 2}",
            """
            line 8, base.evaluation.every: found an unknown key; did you mean every_epochs?
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  seeds: {data: -1}",
            """
            line 8, base.seeds.data: found -1, wanted a whole number from 0 to \
            9223372036854775807
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  seeds: -1",
            """
            line 8, base.seeds: found -1, wanted a whole number from 0 to \
            9223372036854775807 for every stream, or a map of seeds by stream \
            (gate, weights or data)
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  seeds: 1.5",
            """
            line 8, base.seeds: found 1.5, wanted a whole number from 0 to \
            9223372036854775807 for every stream, or a map of seeds by stream \
            (gate, weights or data)
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 64\n  seeds: [1, 2]",
            """
            line 8, base.seeds: found a list, wanted a whole number from 0 to \
            9223372036854775807 for every stream, or a map of seeds by stream \
            (gate, weights or data); a list of seeds is an axis
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: ten",
            """
            line 9, base.epochs: found "ten", wanted a whole number from 1 to 1000000
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 1_000",
            """
            line 9, base.epochs: found "1_000", wanted a whole number from 1 to 1000000
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 1e7",
            """
            line 9, base.epochs: found 10000000, wanted a whole number from 1 to 1000000
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 10\n  color: red",
            """
            line 10, base.color: found an unknown key, wanted dataset, train_examples, \
            test_examples, target_transform, classes, domains, input_transform, hidden_width, \
            layers, hidden_layers, relu, init, gate, batch_size, epochs, optimizer, evaluation, \
            stop, on_divergence or seeds
            """),
        // The initialization and the optimizer.
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: {gian: 1, bias: 0}",
            """
            line 10, base.init.gian: found an unknown key; did you mean gain?
            """),
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: {gain: -1, bias: 0}",
            """
            line 10, base.init.gain: found -1, wanted a number of at least 0
            """),
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: {gain: .nan, bias: 0}",
            """
            line 10, base.init.gain: found NaN, wanted a number of at least 0
            """),
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: {gain: 1, bias: 1e400}",
            """
            line 10, base.init.bias: found "1e400", which is larger than any float64, wanted a \
            number of at most 1e+30
            """),
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: {gain: 1, scheme: xavier}",
            """
            line 10, base.init.scheme: found "xavier", wanted xavier_uniform or xavier_normal; \
            did you mean xavier_uniform?
            """),
        Row(
            "init: {gain: 1, bias: 0}", becomes: "init: xavier_uniform",
            """
            line 10, base.init: found "xavier_uniform", wanted a map of scheme, gain and bias
            """),
        Row(
            "name: sgd", becomes: "name: sdg",
            """
            line 11, base.optimizer.name: found "sdg", wanted sgd or adam; did you mean sgd?
            """),
        Row(
            "name: sgd, ", becomes: "",
            """
            line 11, base.optimizer: found no name, wanted sgd or adam
            """),
        Row(
            "learning_rate: 0.1, ", becomes: "",
            """
            line 11, base.optimizer: found no learning_rate, wanted a number of at least 0
            """),
        Row(
            "learning_rate: 0.1", becomes: "learning_rate: fast",
            """
            line 11, base.optimizer.learning_rate: found "fast", wanted a number of at least 0
            """),
        Row(
            "learning_rate: 0.1", becomes: "lr: 0.1",
            """
            line 11, base.optimizer.lr: found an unknown key; did you mean learning_rate?
            """),
        Row(
            "momentum: 0.9", becomes: "momentum: 1",
            """
            line 11, base.optimizer.momentum: found 1, wanted a number from 0 up to, not \
            including, 1
            """),
        Row(
            "momentum: 0.9", becomes: "beta1: 0.9",
            """
            line 11, base.optimizer.beta1: found a key that sgd does not have, wanted name, \
            learning_rate, momentum, dampening, weight_decay or nesterov
            """),
        Row(
            "name: sgd", becomes: "name: adam",
            """
            line 11, base.optimizer.momentum: found a key that adam does not have, wanted \
            name, learning_rate, beta1, beta2, epsilon, weight_decay or amsgrad
            """),
        Row(
            "momentum: 0.9", becomes: "nesterov: true",
            """
            line 11, base.optimizer.nesterov: found true with no momentum, wanted a momentum \
            above 0 and a dampening of 0 beside it
            """),
        Row(
            "momentum: 0.9", becomes: "momentum: 0.9, nesterov: true, dampening: 0.5",
            """
            line 11, base.optimizer.nesterov: found true with a dampening of 0.5, wanted a \
            momentum above 0 and a dampening of 0 beside it
            """),
        Row(
            "momentum: 0.9", becomes: "nesterov: 1",
            """
            line 11, base.optimizer.nesterov: found 1, wanted true or false
            """),
        // Fields that do not go together.
        Row(
            "  classes: 10", becomes: "  classes: 3",
            """
            line 5, base.domains: found 10, wanted at most 6: there are no more permutations \
            of 3 classes to be targets
            """),
        Row(
            "  classes: 10", becomes: "  classes: 5\n  target_transform: class_combination",
            """
            line 6, base.classes: found 5, wanted an even number: class_combination halves the \
            classes
            """),
        Row(
            "  classes: 10", becomes: "  classes: 4\n  target_transform: class_combination",
            """
            line 5, base.domains: found 10, wanted at most 6: there are no more combinations \
            of half of 4 classes to be targets
            """),
        Row(
            "  hidden_width: 64", becomes: "  hidden_width: 16384\n  layers: 16",
            """
            line 7, base.hidden_width: found 16384, which makes a network of more than \
            80805970020 parameters with 10 domains and these layers, wanted at most 4294967296
            """),
    ]
}
