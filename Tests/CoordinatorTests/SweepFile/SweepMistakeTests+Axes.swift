extension SweepMistakeTests {
    /// Mistakes in gates and on axes.
    static let axes: [Row] = [
        // Gates.
        Row(
            "k: [2, 4]", becomes: "k: 11",
            """
            line 15, axes.gate[0].k: found 11, wanted a whole number from 1 to 10 (the number \
            of domains)
            """),
        Row(
            "k: [2, 4]", becomes: "k: [2, 4, 11]",
            """
            line 15, axes.gate[0].k[2]: found 11, wanted a whole number from 1 to 10 (the \
            number of domains)
            """),
        Row(
            "k: [2, 4]", becomes: "k: 0",
            """
            line 15, axes.gate[0].k: found 0, wanted a whole number from 1 to 10 (the number \
            of domains)
            """),
        Row(
            "k: [2, 4], ", becomes: "",
            """
            line 15, axes.gate[0]: found no k, wanted a whole number from 1 to 10 (the number \
            of domains)
            """),
        Row(
            "family: plus_mod", becomes: "family: plusmod",
            """
            line 15, axes.gate[0].family: found "plusmod", wanted plus_mod, plus_minus_mod, \
            mod, fully_connected, diagonal, blocks, random_regular, bernoulli, explicit, file, \
            all or all_up_to_permutation; did you mean plus_mod?
            """),
        Row(
            "family: plus_mod", becomes: "family: al_up_to_permutation",
            """
            line 15, axes.gate[0].family: found "al_up_to_permutation", wanted plus_mod, \
            plus_minus_mod, mod, fully_connected, diagonal, blocks, random_regular, bernoulli, \
            explicit, file, all or all_up_to_permutation; did you mean all_up_to_permutation?
            """),
        Row(
            """
            axes:
              seeds.weights: [1, 2]
              gate:
                - {family: plus_mod, k: [2, 4], permute_columns: true}
            """, becomes: "  gate: {family: all}",
            """
            line 12, base.gate.family: found all, which is more than one gate, wanted it as a \
            value of the axis gate
            """),
        Row(
            "family: plus_mod", becomes: "name: \"\", family: plus_mod",
            """
            line 15, axes.gate[0].name: found "", wanted a name for the gate of 1 to 128 bytes, \
            on one line
            """),
        Row(
            "family: plus_mod", becomes: "family: mod",
            """
            line 15, axes.gate[0].k: found a key that mod does not have, wanted name, \
            family, permute_columns or column_permutation
            """),
        Row(
            "permute_columns: true", becomes: "permute_colums: true",
            """
            line 15, axes.gate[0].permute_colums: found an unknown key; did you mean \
            permute_columns?
            """),
        Row(
            "permute_columns: true", becomes: "permute_columns: 1",
            """
            line 15, axes.gate[0].permute_columns: found 1, wanted true or false
            """),
        Row(
            "permute_columns: true",
            becomes: "permute_columns: true, column_permutation: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
            """
            line 15, axes.gate[0].column_permutation: found column_permutation beside \
            permute_columns, wanted one of the two
            """),
        Row(
            "permute_columns: true", becomes: "column_permutation: [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]",
            """
            line 15, axes.gate[0].column_permutation[9]: found 8 again, wanted each whole \
            number from 0 to 9 once, one for each domain
            """),
        Row(
            "permute_columns: true", becomes: "column_permutation: [0, 1]",
            """
            line 15, axes.gate[0].column_permutation: found a list of 2, wanted each whole \
            number from 0 to 9 once, one for each domain
            """),
        Row(
            "    - {family: plus_mod, k: [2, 4], permute_columns: true}", becomes: "    - plus_mod",
            """
            line 15, axes.gate[0]: found "plus_mod", wanted a map of family, k and more
            """),
        Row(
            "family: plus_mod, k: [2, 4], permute_columns: true",
            becomes: "family: explicit, rows: [1000000000]",
            """
            line 15, axes.gate[0].rows: found a list of 1, wanted a list of 10 texts of 0 and \
            1, one for each domain
            line 15, axes.gate[0].rows[0]: found 1000000000, wanted 10 digits 0 or 1 in \
            quotes, such as "1010"
            """),
        Row(
            "  domains: 10",
            becomes: "  domains: 2\n  gate: {family: explicit, rows: [\"00\", \"00\"]}\n#",
            """
            line 17, axes.gate[0].k[1]: found 4, wanted a whole number from 1 to 2 (the number \
            of domains)
            """),
        // Axes.
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seed.weights: [1, 2]",
            """
            line 13, axes.seed.weights: found an axis that is no path of a configuration; did \
            you mean seeds.weights?
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: 1",
            """
            line 13, axes.seeds.weights: found 1, wanted a list, such as [1]
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: []",
            """
            line 13, axes.seeds.weights: found an empty list, wanted at least one value (or no \
            such axis)
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: [1, 2, 1.0]",
            """
            line 13, axes.seeds.weights[2]: found 1 again, after axes.seeds.weights[0], wanted \
            each value once
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: [1, two]",
            """
            line 13, axes.seeds.weights[1]: found "two", wanted a whole number from 0 to \
            9223372036854775807
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  hidden_witdh: [64, 128]",
            """
            line 13, axes.hidden_witdh: found an axis that is no path of a configuration; did \
            you mean hidden_width?
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  learning_rate: [0.1, 0.2]",
            """
            line 13, axes.learning_rate: found an axis that is no path of a configuration; did \
            you mean optimizer.learning_rate?
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  speed: [1, 2]",
            """
            line 13, axes.speed: found an axis that is no path of a configuration, wanted a \
            path such as init.gain, or maps of paths as its values
            """),
        Row(
            "  seeds.weights: [1, 2]",
            becomes:
                "  optimizer: [{name: adam, learning_rate: 0.1}]\n  optimizer.learning_rate: [0.1]",
            """
            line 14, axes.optimizer.learning_rate: found optimizer.learning_rate, which \
            overlaps optimizer on the axis optimizer, wanted each path on one axis only
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  regime: [{init.gian: 1}, {init.gain: 2}]",
            """
            line 13, axes.regime[0].init.gian: found "init.gian", which is no path of a \
            configuration; did you mean init.gain?
            """),
        Row(
            "  seeds.weights: [1, 2]",
            becomes: "  regime: [{init.gain: 1}, {init.gain: 2}]\n  init.gain: [1]",
            """
            line 14, axes.init.gain: found init.gain, which the axis regime sets too, wanted \
            each path on one axis only
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  regime: [{init: {gain: 1}, init.gain: 2}]",
            """
            line 13, axes.regime[0].init.gain: found init.gain beside init, which holds it, \
            wanted one of the two
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  regime: [{init.gain: 1}, {init.gain: 1.0}]",
            """
            line 13, axes.regime[1]: found the same map again, after axes.regime[0], wanted \
            each value once
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  hidden_width: [64, 128, 0]",
            """
            line 13, axes.hidden_width[2]: found 0, wanted a whole number from 1 to 16384
            """),
        Row(
            "k: [2, 4]", becomes: "k: [2, 4, 2]",
            """
            line 15, axes.gate[0].k[2]: found 2 again, after axes.gate[0].k[0], wanted each \
            value once
            """),
        Row(
            "k: [2, 4]", becomes: "k: []",
            """
            line 15, axes.gate[0].k: found an empty list, wanted at least one value to expand \
            to
            """),
        Row(
            "    - {family: plus_mod, k: [2, 4], permute_columns: true}",
            becomes: """
                    - {family: plus_mod, k: [2, 4], permute_columns: true}
                    - {family: plus_mod, k: 4, permute_columns: true}
                """,
            """
            line 16, axes.gate[1]: found the same configuration as with axes.gate[0], wanted \
            each task once
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: [1, 2]\n  seeds.weights: [3]",
            """
            line 14: found the key seeds.weights again, after line 13, wanted each key once
            """),
        Row(
            "axes:", becomes: "axes: [{a: 1, b: 2}]\nx:",
            """
            line 12, axes[0]: found a map, wanted one key: an axis, and its values
            line 13, x: found an unknown key, wanted name, experiment, base, axes, exclude, \
            search, attempts, checkpoint, recheck, halving or share_results
            """),
    ]
}

extension SweepMistakeTests {
    /// Mistakes in the YAML itself.
    static let yaml: [Row] = [
        // YAML.
        Row(
            "  epochs: 10", becomes: "\tepochs: 10",
            """
            line 9: found a tab in the indentation, wanted spaces
            """),
        Row(
            "  epochs: 10", becomes: "   epochs: 10",
            """
            line 9: found a line that is further in, which makes it part of the text above it, \
            wanted all keys of a map equally far in
            """),
        Row(
            "  epochs: 10", becomes: "  epochs 10",
            """
            line 9: found a line without a ":" after its key, wanted "key: value"
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 10: 20",
            """
            line 9: found a ": " where no key can stand, wanted one key a line, all of a map \
            equally far in, and quotes round a text with ": " in it
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: 10\n  epochs: 20",
            """
            line 10: found the key epochs again, after line 9, wanted each key once
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: &e 10",
            """
            line 9: found an anchor or alias (& or *), which sweep files do not have, wanted \
            the value itself (or quotes round a text that begins so)
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: *e",
            """
            line 9: found an anchor or alias (& or *), which sweep files do not have, wanted \
            the value itself (or quotes round a text that begins so)
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: !!int 10",
            """
            line 9: found a tag (!), which sweep files do not have, wanted the value alone
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: |\n    10",
            """
            line 9: found a block text (| or >), wanted the text in quotes on one line
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: \"10",
            """
            line 9: found the end of the file inside a quoted text, wanted its closing quote
            """),
        Row(
            "  epochs: 10", becomes: "  epochs: @10",
            """
            line 9: found a character that no value begins with (such as @, ` or %), wanted \
            quotes round it
            """),
        Row(
            "  epochs: 10", becomes: "  ? [a, b]\n  : 10",
            """
            line 9, base: found a key that is no text, wanted a name as the key
            """),
        Row(
            "  epochs: 10", becomes: "  7: 10",
            """
            line 9, base: found the key 7, wanted a name as the key
            """),
        Row(
            "  seeds.weights: [1, 2]", becomes: "  seeds.weights: [1, 2",
            """
            line 13: found a value without "," or a closing bracket after it, wanted "," \
            between values and a ] or } after the last
            """),
        Row(
            "bias: 0}", becomes: "bias: 0",
            """
            line 10: found a value without "," or a closing bracket after it, wanted "," \
            between values and a ] or } after the last
            """),
        Row(
            "attempts: 3", becomes: "---\nattempts: 3",
            """
            line 16: found a second document, wanted one sweep a file
            """),
        Row(
            "name: study", becomes: "name: \"a\u{7}b\"",
            """
            line 1: found a control character (U+0007), wanted plain text
            """),
    ]
}
