import Dispatch
import Shared
import Synchronization
import Trainer

/// Who trains on this host now, and with how many threads each. Slots' threads share it; the
/// decisions are `Admission`'s.
///
/// One task at a time is on its way in, from the moment it is asked for until its training is made:
/// by then all of its memory is taken, so what is available tells the truth about the next.
final class Roster: Sendable {
    let admission: Admission
    private let available: @Sendable () -> Int?
    private let state = Mutex(State())
    /// Raised whenever somebody has left or has settled.
    private let changes = DispatchSemaphore(value: 0)

    private struct State {
        var seats: [Seat] = []
        var isSomebodyArriving = false
        /// What the newest task needs: the next one's need is not known before it is leased, and
        /// neighbours in a sweep are mostly alike.
        var newest: TrainingNeed?
        /// Tasks refused in a row, for want of memory.
        var refused = 0
        /// Seats taken so far.
        var seated = 0
        /// Under way: on their way in, seated, or with an end that is still to be told.
        var attempts = 0

        var hasEndToTell: Bool { attempts > seats.count }
    }

    /// The place of one training.
    final class Seat: Sendable {
        fileprivate let need: TrainingNeed
        fileprivate let isAlone: Bool
        fileprivate let share = Atomic<Int>(0)
        fileprivate let taken = Atomic<Int>(0)

        fileprivate init(_ need: TrainingNeed, isAlone: Bool) {
            (self.need, self.isAlone) = (need, isAlone)
        }

        /// How many threads the training may have now.
        var threads: Int { share.load(ordering: .acquiring) }
        var threadsMax: Int { need.threadsUseful }

        /// Called by the training's thread as soon as it has so many.
        func hasTaken(_ threads: Int) { taken.store(threads, ordering: .releasing) }
    }

    /// - Parameter available: bytes of memory that are left.
    init(_ admission: Admission, available: @escaping @Sendable () -> Int?) {
        (self.admission, self.available) = (admission, available)
    }

    /// How many train.
    var count: Int { state.withLock { $0.seats.count } }
    /// How many have trained, or do.
    var seatedCount: Int { state.withLock { $0.seated } }

    /// Whether somebody trains or is about to.
    var isBusy: Bool {
        state.withLock { !$0.seats.isEmpty || $0.isSomebodyArriving && $0.refused == 0 }
    }

    /// Whether the coordinator does not know yet how an attempt went. A call for a task that is
    /// repeated meanwhile might be granted the very task that is finished here.
    var hasEndToTell: Bool { state.withLock { $0.hasEndToTell } }

    /// How long to ask for nothing after a refusal: nobody else may want the task, and it must not
    /// go to and fro without a pause.
    var refusalPauseSeconds: Double {
        let refused = state.withLock { $0.refused }
        return Limits.refusedPauseSeconds * Double(min(refused, Limits.refusalsCountedMax))
    }

    /// One task on its way in. The next may be asked for when this is settled or gone.
    final class Arrival: Sendable {
        private let roster: Roster
        private let isSettled = Atomic<Bool>(false)

        fileprivate init(_ roster: Roster) { self.roster = roster }

        deinit { settle() }

        /// It has come as far as all of its memory is taken, or does not come at all.
        func settle() {
            guard !isSettled.exchange(true, ordering: .acquiringAndReleasing) else { return }
            roster.state.withLock { $0.isSomebodyArriving = false }
            roster.changes.signal()
        }
    }

    func attemptBegins() { state.withLock { $0.attempts += 1 } }

    /// The coordinator knows, or need not know, how it went.
    func attemptEnded() {
        state.withLock { $0.attempts -= 1 }
        changes.signal()
    }

    /// The leave to ask for a task; nil where there would be no room for it, or where an end is
    /// still to be told: a coordinator that comes back must not grant the very same task again.
    func expectOne() -> Arrival? {
        let bytes = available()
        return state.withLock { state in
            guard !state.isSomebodyArriving else { return nil }
            let needs = state.seats.map(\.need)
            guard !state.hasEndToTell, !state.seats.contains(where: \.isAlone) else { return nil }
            guard needs.count < admission.runningMax else { return nil }
            if let newest = state.newest, !needs.isEmpty {
                let answer = admission.answer(newest, beside: needs, available: bytes)
                guard answer == .start else { return nil }
            }
            state.isSomebodyArriving = true
            return Arrival(self)
        }
    }

    /// Waits for a change, or for a moment: memory also comes and goes by others.
    func waitForChange() { _ = changes.wait(timeout: .now() + .milliseconds(100)) }

    enum Entry {
        case seated(Seat)
        case wait
        /// With what is left.
        case tooLarge(available: Int)
    }

    /// Takes a seat if there is room. Whoever has one leaves it in the end.
    /// - Parameter isAlone: nothing else may train meanwhile: should the worker be killed, it is
    ///   known which task it was.
    func enter(_ need: TrainingNeed, isAlone: Bool = false) -> Entry {
        let bytes = available()
        return state.withLock { state in
            state.newest = need
            let needs = state.seats.map(\.need)
            let mayEnter =
                isAlone ? state.seats.isEmpty : !state.seats.contains(where: \.isAlone)
            guard mayEnter else { return .wait }
            switch admission.answer(need, beside: needs, available: bytes) {
            case .wait: return .wait
            case .tooLarge:
                state.refused += 1
                return .tooLarge(available: bytes ?? 0)
            case .start:
                let seat = Seat(need, isAlone: isAlone)
                state.seats.append(seat)
                state.seated += 1
                state.refused = 0
                share(state.seats)
                return .seated(seat)
            }
        }
    }

    /// Whether the others have given up the threads that this seat was given.
    func mayBegin(_ seat: Seat) -> Bool {
        state.withLock { state in
            let others = state.seats.filter { $0 !== seat }
            let taken = others.reduce(0) { $0 + $1.taken.load(ordering: .acquiring) }
            return taken + seat.threads <= max(admission.cores, state.seats.count)
        }
    }

    func leave(_ seat: Seat) {
        state.withLock { state in
            state.seats.removeAll { $0 === seat }
            share(state.seats)
        }
        changes.signal()
    }

    private func share(_ seats: [Seat]) {
        for (seat, threads) in zip(seats, admission.shares(seats.map(\.need))) {
            seat.share.store(threads, ordering: .releasing)
        }
    }
}
