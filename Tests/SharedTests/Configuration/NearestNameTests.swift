import Testing

@testable import Shared

@Suite struct NearestNameTests {
    private let names = [
        "hidden_width", "hidden_layers", "learning_rate", "epsilon", "k", "epochs",
    ]

    @Test(arguments: [
        ("hiden_width", "hidden_width"), ("hidden_witdh", "hidden_width"),
        ("Hidden_Width", "hidden_width"), ("hidden_layer", "hidden_layers"),
        ("epoch", "epochs"), ("lr", "learning_rate"), ("eps", "epsilon"), ("rate", "learning_rate"),
    ])
    func `a slip or an abbreviation finds its name`(typed: String, meant: String) {
        #expect(nearestName(to: typed, among: names) == meant)
    }

    @Test(arguments: ["color", "q", "", "learning_to_be_late"])
    func `a word that is like none of the names finds none`(typed: String) {
        #expect(nearestName(to: typed, among: names) == nil)
    }

    @Test func `slips count insertions, deletions, replacements and swaps`() {
        #expect(slips("gate", "gate") == 0)
        #expect(slips("gaet", "gate") == 1)
        #expect(slips("gat", "gate") == 1)
        #expect(slips("kitten", "sitting") == 3)
        #expect(slips("", "abc") == 3)
    }

    @Test func `alternatives are a list with an or`() {
        #expect(alternatives([]) == "")
        #expect(alternatives(["a"]) == "a")
        #expect(alternatives(["a", "b", "c"]) == "a, b or c")
    }
}
