import Foundation
import Shared
import Testing

@testable import Coordinator

/// Every mistake has its sentence: where, what was found, what was wanted. Each row is a change to
/// one good file, with the full text that comes of it.
@Suite struct SweepMistakeTests {
    struct Row: CustomTestStringConvertible {
        let original: String
        let changed: String
        let message: String

        init(_ original: String, becomes changed: String, _ message: String) {
            self.original = original
            self.changed = changed
            self.message = message
        }

        var testDescription: String { changed }

        var file: String { good.replacingOccurrences(of: original, with: changed) }
    }

    static let good = """
        name: study
        experiment: k_path
        base:
          dataset: mnist
          domains: 10
          classes: 10
          hidden_width: 64
          batch_size: 8
          epochs: 10
          init: {gain: 1, bias: 0}
          optimizer: {name: sgd, learning_rate: 0.1, momentum: 0.9}
        axes:
          seeds.weights: [1, 2]
          gate:
            - {family: plus_mod, k: [2, 4], permute_columns: true}
        attempts: 3

        """

    @Test func `the file that the rows change is right`() throws {
        #expect(try SweepFile.parse(Self.good).expand().count == 4)
    }

    @Test func `the table has at least forty rows, each a change of its own`() {
        let files = (Self.fields + Self.axes + Self.search + Self.yaml).map(\.file)
        #expect(files.count >= 40)
        #expect(Set(files + [Self.good]).count == files.count + 1)
    }

    @Test(arguments: fields + axes + search + yaml)
    func `a mistake is told with its place, what was found and what was wanted`(row: Row) {
        #expect(message(of: row.file) == row.message)
    }

    @Test func `several mistakes are told at once, in the order of the file`() {
        let file = Self.good.replacingOccurrences(of: "domains: 10", with: "domains: ten")
            .replacingOccurrences(of: "gain: 1", with: "gain: -1")
            .replacingOccurrences(of: "k: [2, 4]", with: "k: [2, four]")
        #expect(
            message(of: file) == """
                line 5, base.domains: found "ten", wanted a whole number from 1 to 1000
                line 10, base.init.gain: found -1, wanted a number of at least 0
                line 15, axes.gate[0].k[1]: found "four", wanted a whole number from 1 to 1000
                """)
    }

    @Test func `a mistake that only a combination makes points to one of its values`() {
        let file = Self.good.replacingOccurrences(of: "  domains: 10\n", with: "")
            .replacingOccurrences(of: "axes:", with: "axes:\n  domains: [2, 10]")
            .replacingOccurrences(of: "k: [2, 4]", with: "k: [1, 4]")
        #expect(
            message(of: file) == """
                line 15, axes.gate[0].k[1]: found 4, wanted a whole number from 1 to 2 (the number \
                of domains)
                """)
    }

    private func message(of file: String) -> String {
        do {
            return "no mistake in \(try SweepFile.parse(file).expand().count) tasks"
        } catch {
            return error.description
        }
    }
}
