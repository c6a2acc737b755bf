import Shared

/// Decides when one connection has had its time. Pure: it is told what passes and what time it is.
///
/// A client may be slow in five ways, and each has a bound: in sending a request's head, in sending
/// its body, in taking the answer, in going away when it is told to, and in ending when the
/// coordinator stops. How long the coordinator itself takes has a bound too.
struct ConnectionDeadlines {
    typealias Instant = ContinuousClock.Instant

    /// Seconds, but for the rate. `check` is how often a connection is looked at.
    struct Bounds: Sendable {
        var check = Limits.deadlineCheckSeconds
        var head = Limits.headSecondsMax
        var idle = Limits.connectionIdleSeconds
        var body = Limits.bodySecondsMax
        var upload = Limits.uploadSecondsMax
        var answer = Limits.answerSecondsMax
        var transfer = Limits.transferSecondsMax
        var grace = Limits.slowGraceSeconds
        var linger = Limits.lingerSecondsMax
        var drain = Limits.drainGraceSeconds
        var bytesPerSecondMin = Limits.bytesPerSecondMin
    }

    private enum Reading {
        case nothing(since: Instant)
        case body(since: Instant, bytes: Int, isUpload: Bool)
    }

    private let bounds: Bounds
    private var reading: Reading
    private var isFirst = true
    /// Requests whose answer is not written to the end.
    private var openAnswers = 0
    /// Since when the oldest of them is due.
    private var dueSince: Instant
    private var isAnswering = false
    private var bytesAnswered = 0
    /// How many bytes of answers the client had taken at some time: the slow reader's measure.
    private var mark: (taken: Int, at: Instant)
    /// Whether the connection ends with the answer.
    private var closes = false
    /// Since when nothing more is expected of the client than to go.
    private var lingersSince: Instant?
    private var stopsSince: Instant?

    init(_ bounds: Bounds, now: Instant) {
        self.bounds = bounds
        reading = .nothing(since: now)
        dueSince = now
        mark = (0, now)
    }

    /// Whether the newest request is the only one whose answer is not written to the end.
    var hasOneRequest: Bool { openAnswers == 1 }

    // MARK: - What passes

    /// - Parameter closes: the client wants no other answer on this connection.
    mutating func requestBegins(isUpload: Bool, closes: Bool, now: Instant) {
        self.closes = self.closes || closes
        reading = .body(since: now, bytes: 0, isUpload: isUpload)
        isFirst = false
        if openAnswers == 0 { dueSince = now }
        openAnswers += 1
    }

    mutating func requestContinues(bytes: Int) {
        guard case .body(let since, let sofar, let isUpload) = reading else { return }
        reading = .body(since: since, bytes: sofar &+ bytes, isUpload: isUpload)
    }

    mutating func requestEnds(now: Instant) {
        reading = .nothing(since: now)
        if !isAnswering { dueSince = now }
        if !closes { lingersSince = nil }
    }

    mutating func answerBegins(closes: Bool, now: Instant) {
        isAnswering = true
        dueSince = now
        mark = (bytesAnswered, now)
        self.closes = self.closes || closes
    }

    mutating func answerContinues(bytes: Int) { bytesAnswered &+= bytes }

    mutating func answerEnds(now: Instant) {
        isAnswering = false
        dueSince = now
        // An answer to nobody's request: what came was no HTTP.
        if openAnswers == 0 { closes = true }
        openAnswers = max(0, openAnswers - 1)
        switch reading {
        case .nothing: reading = .nothing(since: now)
        // Refused before it was read: the rest is of no use.
        case .body where openAnswers == 0: lingersSince = now
        case .body: break
        }
        if closes { lingersSince = now }
    }

    mutating func coordinatorStops(now: Instant) { stopsSince = stopsSince ?? now }

    // MARK: - The decision

    /// Why the connection is to be closed now; nil: it may stay.
    /// - Parameter waiting: bytes of answers that the client has not taken yet.
    mutating func overdue(waiting: Int, now: Instant) -> String? {
        func isOver(_ seconds: Double, since start: Instant) -> Bool {
            now - start >= .seconds(seconds)
        }
        if let stopsSince, isOver(bounds.drain, since: stopsSince) { return "the end" }
        if let reason = slowReader(waiting: waiting, now: now) { return reason }
        if let lingersSince, waiting == 0, isOver(bounds.linger, since: lingersSince) {
            return "does not go"
        }
        switch reading {
        case .body(let since, let bytes, let isUpload):
            let seconds = (now - since).seconds
            if isOver(isUpload ? bounds.upload : bounds.body, since: since) { return "slow body" }
            if seconds >= bounds.grace, Double(bytes) < bounds.bytesPerSecondMin * seconds {
                return "slow body"
            }
        case .nothing(let since):
            if openAnswers == 0, isOver(isFirst ? bounds.head : bounds.idle, since: since) {
                return isFirst ? "slow head" : "idle"
            }
            if openAnswers > 0, !isAnswering, isOver(bounds.answer, since: dueSince) {
                return "no answer"
            }
        }
        return nil
    }

    private mutating func slowReader(waiting: Int, now: Instant) -> String? {
        if isAnswering, now - dueSince >= .seconds(bounds.transfer) { return "slow reader" }
        let taken = bytesAnswered - waiting
        // Nothing waits: it is not the client that is slow.
        if waiting == 0 { mark = (taken, now) }
        let seconds = (now - mark.at).seconds
        guard seconds >= bounds.grace else { return nil }
        guard Double(taken - mark.taken) >= bounds.bytesPerSecondMin * seconds else {
            return "slow reader"
        }
        mark = (taken, now)
        return nil
    }
}
