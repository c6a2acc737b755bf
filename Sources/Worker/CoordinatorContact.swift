import Logging
import Shared
import Synchronization

/// Says in the log whether the worker reaches its coordinator: at once when it first does, when it
/// cannot and when it can again, and each minute for as long as it cannot. All threads' calls
/// report here.
final class CoordinatorContact: Sendable {
    private let notices = Mutex(ContactNotices())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func note(
        _ observation: CoordinatorClient.Observation,
        at now: ContinuousClock.Instant = .now
    ) {
        log(notices.withLock { $0.next(after: observation, at: now) })
    }

    /// It is not known how to reach the coordinator.
    func noteNoWay(_ reason: String, at now: ContinuousClock.Instant = .now) {
        log(notices.withLock { $0.next(afterNoWay: reason, at: now) })
    }

    private func log(_ notice: ContactNotices.Notice?) {
        guard let notice else { return }
        logger.log(level: notice.isTrouble ? .warning : .notice, "\(notice.text)")
    }
}

/// What is to be said after which try of a call.
struct ContactNotices {
    struct Notice: Equatable {
        var text: String
        var isTrouble: Bool
    }

    private enum Kind { case noWay, unreachable, unauthorized }

    private struct Outage {
        let start: ContinuousClock.Instant
        /// What was said of it, each at once.
        var said: Set<Kind> = []
    }

    private var wasReached = false
    private var outage: Outage?
    /// When an outage was told of last, this one or one before.
    private var saidAt: ContinuousClock.Instant?
    private var busySaidAt: ContinuousClock.Instant?

    /// Nil: nothing.
    mutating func next(
        after observation: CoordinatorClient.Observation, at now: ContinuousClock.Instant
    ) -> Notice? {
        switch observation {
        case .answered(let address):
            return reached(address, at: now)
        case .busy(let address, let error):
            let isDue = busySaidAt.map { now - $0 >= Self.pause } ?? true
            if let notice = reached(address, at: now) { return notice }
            guard isDue else { return nil }
            busySaidAt = now
            return Notice(
                text: "the coordinator at \(address) cannot answer now: \(error); trying again",
                isTrouble: true)
        case .failed(let address, .refused(_, let body)):
            return failed(
                .unauthorized,
                "the token is not accepted by the coordinator at \(address): \(body.message)",
                at: now)
        case .failed(let address, .unreachable(let reason)):
            // A transport's error begins with the address.
            let reason = reason.hasPrefix(address + ": ") ? reason : "\(address): \(reason)"
            return failed(.unreachable, "cannot reach the coordinator at \(reason)", at: now)
        case .silent(let address, let seconds):
            return failed(
                .unreachable,
                "cannot reach the coordinator at \(address): no answer for \(Int(seconds)) seconds",
                at: now)
        }
    }

    mutating func next(afterNoWay reason: String, at now: ContinuousClock.Instant) -> Notice? {
        failed(.noWay, "cannot reach the coordinator: \(reason)", at: now)
    }

    private static let pause = Duration.seconds(Limits.noticeSecondsMin)

    private mutating func reached(_ address: String, at now: ContinuousClock.Instant) -> Notice? {
        defer { (outage, wasReached) = (nil, true) }
        guard wasReached else {
            return Notice(text: "reached the coordinator at \(address)", isTrouble: false)
        }
        guard let outage, !outage.said.isEmpty else { return nil }
        let seconds = Int((now - outage.start).seconds.rounded())
        return Notice(
            text: "reached the coordinator at \(address) again, after \(seconds) seconds",
            isTrouble: false)
    }

    /// A second outage within a minute of what was said before may be one of many: it is told of
    /// only if it lasts.
    private mutating func failed(
        _ kind: Kind, _ text: String, at now: ContinuousClock.Instant
    ) -> Notice? {
        var outage = self.outage ?? Outage(start: now)
        let isLong = saidAt.map { now - $0 >= Self.pause } ?? true
        let isNews =
            outage.said.isEmpty
            ? now - outage.start >= .seconds(Limits.outageSecondsMin) : !outage.said.contains(kind)
        defer { self.outage = outage }
        guard isLong || isNews else { return nil }
        outage.said.insert(kind)
        saidAt = now
        return Notice(text: text + "; trying again", isTrouble: true)
    }
}
