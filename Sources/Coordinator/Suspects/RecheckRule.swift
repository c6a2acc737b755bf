import FoundationEssentials
import Shared

/// Which tasks another host runs again. Pure, and decided by the task's identity alone: after a
/// restart, and in another sweep with the same task, it is the same choice.
enum RecheckRule {
    /// - Parameter share: of all tasks, 0 to 1; those of a smaller share are among those of a
    ///   larger one.
    static func isChosen(_ task: SweepTaskID, share: Double) -> Bool {
        let digits = Digest(of: Data("recheck \(task)".utf8)).hexadecimal.prefix(13)
        // 52 bits: every such number is exact in float64.
        guard let number = UInt64(digits, radix: 16) else { return false }
        return Double(number) * 0x1p-52 < share
    }
}
