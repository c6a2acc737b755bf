import Trainer

/// Decides how many trainings run side by side on a host, and how many threads each gets. Pure:
/// what the host has is read elsewhere (`Host`), what a training takes is known from its
/// configuration (`TrainingNeed`).
///
/// Side by side, a thread each, trainings get more out of a host than one after the other with all
/// threads: threads of one training meet some eight times a step. So as many run as memory and
/// cores allow, and threads are shared out among those that run.
///
/// The exception are trainings that pass all their weights in every step (Adam). One whose weights
/// stay in the processor's last cache is slower from memory; two that fit there alone but not
/// together would push each other out, while one of them can use all cores.
struct Admission: Equatable {
    /// Cores that this process may use.
    let cores: Int
    /// Bytes of the last cache; nil: unknown, and nobody waits for it.
    let cacheBytes: Int?
    /// A person's number of slots, in place of what cores and cache say; nil: none was given. What
    /// memory says always holds: the kernel would kill the worker with all its trainings.
    let slots: Int?

    /// How many may run side by side, whatever they need.
    var runningMax: Int { slots ?? cores }

    enum Answer: Equatable {
        case start
        /// When one of those that run has ended, it may fit.
        case wait
        /// Nothing runs, and it does not fit: this host has too little memory.
        case tooLarge
    }

    /// - Parameters:
    ///   - running: what runs, all of whose memory is taken already, but for checkpoints'.
    ///   - available: bytes that are left; nil: unknown, and nobody waits for them.
    func answer(_ need: TrainingNeed, beside running: [TrainingNeed], available: Int?) -> Answer {
        guard running.count < runningMax else { return .wait }
        let kept = running.reduce(0) { $0 + $1.checkpointBytes }
        let fits = available.map { Self.bytesWanted(need) <= $0 - kept } ?? true
        if running.isEmpty { return fits ? .start : .tooLarge }
        return fits && !wouldCrowdCache(need, running) ? .start : .wait
    }

    /// An estimate is one: some is left over for what it does not know, and for the host.
    static func bytesWanted(_ need: TrainingNeed) -> Int {
        need.bytes + need.bytes / 16 + need.checkpointBytes + (64 << 20)
    }

    private func wouldCrowdCache(_ need: TrainingNeed, _ running: [TrainingNeed]) -> Bool {
        guard slots == nil, let cacheBytes else { return false }
        // Where cores stand idle, a slower training is better than none.
        guard running.reduce(0, { $0 + $1.threadsUseful }) >= cores else { return false }
        let all = (running + [need]).map(\.bytesEachStep).filter { $0 > 0 }
        let together = all.reduce(0, +)
        return all.count > 1 && together > cacheBytes && all.contains { $0 <= cacheBytes }
    }

    /// The threads of each of those that run: never more than cores, unless slots are; one at
    /// least; to each what helps it, and evenly.
    func shares(_ running: [TrainingNeed]) -> [Int] {
        var shares = running.map { _ in 1 }
        var left = cores - running.count
        while left > 0 {
            let open = shares.indices.filter { shares[$0] < running[$0].threadsUseful }
            guard let least = open.min(by: { shares[$0] < shares[$1] }) else { break }
            shares[least] += 1
            left -= 1
        }
        return shares
    }
}
