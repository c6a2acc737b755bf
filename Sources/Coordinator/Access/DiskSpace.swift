import Glibc
import Shared
import Synchronization

/// Keeps a reserve on the disk: uploads stop while there is still room for results, which are what
/// hours of training went into.
final class DiskSpace: Sendable {
    /// Bytes free and in all; nil where the system does not say.
    typealias Figures = (free: Int, size: Int)

    private let measure: @Sendable () -> Figures?
    /// What uploads under way may still come to take.
    private let promised = Mutex(0)

    init(path: String) { measure = { Self.figures(path) } }

    init(measure: @escaping @Sendable () -> Figures?) { self.measure = measure }

    /// Whether an upload of that many bytes leaves the reserve alone. Then `release` must follow.
    func reserve(_ bytes: Int) -> Bool {
        guard let (free, size) = measure() else { return true }
        return promised.withLock { promised in
            let (wanted, isTooMuch) = promised.addingReportingOverflow(bytes)
            guard !isTooMuch, Self.isEnough(free: free, size: size, wanted: wanted) else {
                return false
            }
            promised = wanted
            return true
        }
    }

    /// Whether there is more than the reserve.
    var isRoomy: Bool {
        measure().map { Self.isEnough(free: $0.free, size: $0.size, wanted: 1) } ?? true
    }

    /// At which length the store's log is carried over to the store's file. What is carried over
    /// stands in both for a while: a log that had filled a small disk would stay there for good.
    var logPages: Int {
        guard let size = measure()?.size else { return Limits.walPagesMax }
        let pages = size / Limits.pageBytes / Limits.walDiskFraction
        return min(max(pages, Limits.walPagesMin), Limits.walPagesMax)
    }

    /// Bytes of data sets that one token may have stored.
    func datasetQuota(of role: Role?) -> Int {
        guard let size = measure()?.size else { return .max }
        return size
            / (role == .admin
                ? Limits.datasetDiskFractionOfAdmins : Limits.datasetDiskFraction)
    }

    func release(_ bytes: Int) { promised.withLock { $0 -= bytes } }

    static func isEnough(free: Int, size: Int, wanted: Int) -> Bool {
        let reserve = min(Limits.diskReserveBytes, size / Limits.diskReserveFraction)
        return free - reserve >= wanted
    }

    /// For those who are not root.
    private static func figures(_ path: String) -> Figures? {
        var figures = statvfs()
        guard statvfs(path, &figures) == 0 else { return nil }
        let unit = UInt64(figures.f_frsize)
        let free = UInt64(figures.f_bavail).multipliedReportingOverflow(by: unit)
        let size = UInt64(figures.f_blocks).multipliedReportingOverflow(by: unit)
        guard !free.overflow, !size.overflow else { return nil }
        return (Int(clamping: free.partialValue), Int(clamping: size.partialValue))
    }
}
