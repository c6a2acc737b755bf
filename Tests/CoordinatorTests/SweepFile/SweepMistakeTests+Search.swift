extension SweepMistakeTests {
    /// Mistakes in `search`, in distributions, in `exclude` and in gates that are enumerated.
    static let search: [Row] = [
        Row(
            "attempts: 3", becomes: "search: {method: rndom, tasks: 3}",
            """
            line 16, search.method: found "rndom", wanted grid or random; did you mean random?
            """),
        Row(
            "attempts: 3", becomes: "search: {method: random}",
            "line 16, search: found no tasks, wanted a whole number from 1 to 100000"),
        Row(
            "attempts: 3", becomes: "search: {method: grid, tasks: 3}",
            "line 16, search.tasks: found a key that grid does not have, wanted method"),
        Row(
            "attempts: 3", becomes: "search: {method: random, tasks: 5}",
            "line 16, search: found 5 tasks, wanted at most the 4 combinations of the axes"),
        Row(
            "seeds.weights: [1, 2]", becomes: "init.gain: {log_uniform: [1, 2]}",
            """
            line 13, axes.init.gain: found a distribution, wanted a list of values, or beside \
            axes search: {method: random, tasks: 50}
            """),
        Row(
            "seeds.weights: [1, 2]", becomes: "init.gain: {log_uniform: [0, 2]}",
            """
            line 13, axes.init.gain.log_uniform: found [0, 2], wanted two numbers above 0, the \
            less first, such as [1e-4, 10]
            """),
        Row(
            "seeds.weights: [1, 2]", becomes: "init.gain: {uniform: [2, 1]}",
            """
            line 13, axes.init.gain.uniform: found [2, 1], wanted two numbers, the less first, \
            such as [0, 1], neither so near 0 as 1e-30
            """),
        Row(
            "seeds.weights: [1, 2]", becomes: "init.gain: {uniform: [0, 1e-305]}",
            """
            line 13, axes.init.gain.uniform: found [0, 1e-305], wanted two numbers, the \
            less first, such as [0, 1], neither so near 0 as 1e-30
            """),
        Row(
            "seeds.weights: [1, 2]", becomes: "hidden_width: {integer: [1.5, 8]}",
            """
            line 13, axes.hidden_width.integer: found [1.5, 8], wanted two whole numbers, the \
            less first, such as [1, 8]
            """),
        Row(
            "seeds.weights: [1, 2]", becomes: "init.gain: {normal: [0, 1]}",
            """
            line 13, axes.init.gain: found {normal: [0, 1]}, wanted a list of values, or one of \
            uniform, log_uniform or integer
            """),
        Row(
            "seeds.weights: [1, 2]",
            becomes: "optimizer: [{name: sgd, learning_rate: {log_uniform: [1, 2]}}]",
            """
            line 13, axes.optimizer[0].learning_rate: found a distribution inside a value, wanted \
            an axis of its own: optimizer.learning_rate: {log_uniform: [1, 2]}
            """),
        Row(
            "attempts: 3", becomes: "exclude: [{gate: {family: all}}]",
            """
            line 16, exclude[0].gate: found 10 domains, wanted at most 6 to enumerate the gates of
            """),
        Row(
            "experiment: k_path", becomes: "experiment: routing\nrelu: true",
            """
            line 3, relu: found an unknown key, wanted name, experiment, base, axes, exclude, \
            search, attempts, checkpoint, recheck, halving or share_results
            """),
        Row(
            "experiment: k_path", becomes: "experiment: k_path\nrelu: true",
            "line 3, relu: found an unknown key; did you mean base.relu?"),
        Row(
            "attempts: 3", becomes: "exclude: [{seeds.weights: 3}]",
            """
            line 16, exclude[0]: found an entry that leaves nothing out, wanted one that holds for \
            some combination of base and axes
            """),
        Row(
            "attempts: 3", becomes: "exclude: [{hidden_width: 64}]",
            "line 16, exclude: found that exclude leaves no task, wanted at least one"),
        Row(
            "attempts: 3", becomes: "exclude: [{init.gian: 1}]",
            """
            line 16, exclude[0].init.gian: found "init.gian", which is no path of a configuration; \
            did you mean init.gain?
            """),
        Row(
            "attempts: 3", becomes: "exclude: {init.gain: 1}",
            "line 16, exclude: found a map, wanted a list of maps from paths to values"),
        Row(
            "family: plus_mod, k: [2, 4], permute_columns: true", becomes: "family: all",
            "line 15, axes.gate[0]: found 10 domains, wanted at most 6 to enumerate the gates of"),
        Row(
            "family: plus_mod, k: [2, 4], permute_columns: true",
            becomes: "family: all_up_to_permutation, k: 2",
            """
            line 15, axes.gate[0].k: found an unknown key, wanted family or rows_open
            line 15, axes.gate[0]: found 10 domains, wanted at most 6 to enumerate the gates of
            """),
        Row(
            "attempts: 3", becomes: "halving: {metric: loss, mode: min, rungs: [2]}",
            """
            line 16, halving.metric: found "loss", wanted loss_trained_paths, \
            loss_untrained_paths, accuracy_trained_paths, accuracy_untrained_paths, \
            train_loss_trained_paths, train_loss_untrained_paths, train_accuracy_trained_paths \
            or train_accuracy_untrained_paths; did you mean loss_trained_paths?
            """),
        Row(
            "attempts: 3", becomes: "halving: {metric: loss_trained_paths, rungs: [4, 2], keep: 1}",
            """
            line 16, halving: found no mode, wanted min or max
            line 16, halving.rungs: found [4, 2], wanted a list of 1 to 32 whole numbers of \
            epochs, each above the one before
            line 16, halving.keep: found 1, wanted a number above 0 and below 1
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 10\n  stop: {metric: loss_trained_paths}",
            """
            line 10, base.stop: found neither below nor above, wanted one of the two
            """),
        Row(
            "  epochs: 10",
            becomes: "  epochs: 10\n  stop: {metric: loss_trained_paths, below: 1, above: 2}",
            """
            line 10, base.stop: found both below and above, wanted one of the two
            """),
        Row(
            "attempts: 3", becomes: "halving: {metric: loss_trained_paths, mode: min, rungs: [10]}",
            """
            line 16, halving: found rungs [10], of which none is before the last epoch of any \
            task, so that no task can be halved; wanted rungs below 10
            """),
        Row(
            "{family: plus_mod, k: [2, 4], permute_columns: true}\nattempts: 3",
            becomes: "{family: fully_connected}\n"
                + "halving: {metric: loss_untrained_paths, mode: min, rungs: [2]}",
            """
            line 16, halving: found loss_untrained_paths, which no task measures, so that no task \
            can be halved; wanted a metric that tasks measure
            """),
        Row(
            "name: study", becomes: "name: ..",
            "line 1, name: found \"..\", which no command could find again, wanted another name"),
        Row(
            "attempts: 3", becomes: "share_results: maybe",
            """
            line 16, share_results: found "maybe", wanted true or false
            """),
    ]
}
