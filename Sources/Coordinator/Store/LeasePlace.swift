import Shared

/// Where a lease stands in the store: its id says so, and what is looked up ten thousand times a
/// second needs no index of its own. The 64 random bits behind tell apart what one place held at
/// different times, as after a backup was put back.
struct LeasePlace: Equatable {
    /// The task's number.
    let task: Int64
    /// The attempt's.
    let attempt: Int

    init(task: Int64, attempt: Int) {
        self.task = task
        self.attempt = attempt
    }

    /// Nil where the id cannot be one of ours.
    init?(_ lease: LeaseID) {
        let parts = lease.rawValue.utf8.split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, let task = Int64(Substring(parts[0])),
            let attempt = Int(Substring(parts[1]))
        else { return nil }
        (self.task, self.attempt) = (task, attempt)
    }

    /// A fresh id for this place.
    func lease(_ randomBits: () -> UInt64) -> LeaseID {
        let random = LeaseID.random(digits: 16, randomBits)
        return LeaseID(unchecked: "\(task)-\(attempt)-\(random)")
    }
}
