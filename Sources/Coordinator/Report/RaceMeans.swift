import Foundation
import Shared

/// Who won the race, over some tasks of a network with a theory: when a half of the strongest mode
/// was learnt, and the share of each group of pathways in what is learnt.
struct RaceMeans {
    private var count = 0
    private var half = Mean()
    private var theoryHalf = Mean()
    private var shares = [Mean](repeating: Mean(), count: Limits.reportedPathwaysMax)

    static let note =
        "Half epoch: when a half of mode 1 was learnt, beside the theory's time. Winner: the "
        + "pathways, as pathway_share_N\nnumbers them, through which most of what is learnt goes, "
        + "with the share of each."

    mutating func add(_ row: [String: String]) {
        count += 1
        half.add(row[MetricName.halfEpoch(1)])
        theoryHalf.add(row[MetricName.theoryHalfEpoch(1)])
        for index in shares.indices { shares[index].add(row[MetricName.pathwayShare(index + 1)]) }
    }

    static let columns: [(name: String, text: @Sendable (RaceMeans) -> String)] = [
        ("half epoch", { $0.text(of: $0.half) }),
        ("theory", { $0.text(of: $0.theoryHalf) }),
        ("winner", { $0.winner }),
    ]

    /// Of how many tasks it is, if some have not come to a half.
    private func text(of mean: Mean) -> String {
        let text = mean.text("%.2f")
        return text.isEmpty || mean.count == count ? text : "\(text) (\(mean.count) of \(count))"
    }

    /// The largest share, and those that come within a tenth of it: `5+6: 0.466`.
    private var winner: String {
        let values = shares.map { $0.value ?? 0 }
        guard let largest = values.max(), largest > 0 else { return "" }
        let winners = values.indices.filter { values[$0] >= 0.9 * largest }
        let names = winners.map { "\($0 + 1)" }.joined(separator: "+")
        return "\(names): \(String(format: "%.3f", largest))"
    }

    /// A sentence on the first and the last of several settings; nil where there are no two.
    static func result(_ entries: [(setting: String, race: RaceMeans)]) -> String? {
        let ranked = entries.compactMap { entry in
            entry.race.half.value.map { (setting: entry.setting, half: $0) }
        }.filter { $0.half.isFinite }
        guard let first = ranked.min(by: { $0.half < $1.half }),
            let last = ranked.max(by: { $0.half < $1.half }), first.half < last.half
        else { return nil }
        func text(_ entry: (setting: String, half: Double)) -> String {
            "\(entry.setting) (epoch \(String(format: "%.2f", entry.half)))"
        }
        return "First to a half of mode 1: \(text(first)). Last: \(text(last))."
    }
}
