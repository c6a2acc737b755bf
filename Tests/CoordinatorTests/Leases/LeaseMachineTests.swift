import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct LeaseMachineTests {
    enum Event: String, CaseIterable {
        case lease, revive, endAttempt, endPermanently, handBack, forgive, complete, prune
        case cancel, retry

        func happens(to machine: inout LeaseMachine) {
            switch self {
            case .lease: _ = machine.lease()
            case .revive: machine.revive()
            case .endAttempt: machine.endAttempt()
            case .endPermanently: machine.endAttempt(isPermanent: true)
            case .handBack: machine.handBack()
            case .forgive: machine.forgive()
            case .complete: machine.complete(isDiverged: false)
            case .prune: machine.prune()
            case .cancel: _ = machine.cancel()
            case .retry: _ = machine.retry()
            }
        }
    }

    /// What follows from each state, in the order of `TaskState`: ready, leased, succeeded,
    /// diverged, failed, cancelled, cached, pruned. A dot: nothing changes. Two attempts of three
    /// are counted.
    static let next: [Event: [String]] = [
        .lease: ["leased", ".", ".", ".", ".", ".", ".", "."],
        .revive: ["leased", ".", ".", ".", "leased", ".", ".", "."],
        .endAttempt: [".", "ready", ".", ".", ".", ".", ".", "."],
        .endPermanently: [".", "failed", ".", ".", ".", ".", ".", "."],
        .handBack: [".", "ready", ".", ".", ".", ".", ".", "."],
        .complete: [".", "succeeded", ".", ".", ".", ".", ".", "."],
        .prune: [".", "pruned", ".", ".", ".", ".", ".", "."],
        .cancel: ["cancelled", "cancelled", ".", ".", ".", ".", ".", "."],
        .retry: [".", ".", ".", ".", "ready", "ready", ".", "."],
    ]

    @Test(arguments: [
        // State, charged of three; then the same after one attempt is forgiven.
        (TaskState.ready, 2, TaskState.ready, 1), (.ready, 0, .ready, 0),
        (.failed, 3, .ready, 2), (.failed, 1, .ready, 0),
        // The attempt under way is another one, which counts.
        (.leased, 3, .leased, 2), (.leased, 1, .leased, 1),
        (.succeeded, 3, .succeeded, 3), (.cancelled, 2, .cancelled, 2),
    ])
    func `an attempt that is forgiven is given back, and a failed task is tried again`(
        state: TaskState, charged: Int, after: TaskState, left: Int
    ) {
        var machine = LeaseMachine(
            state: state, attempt: 4, attemptsCharged: charged, attemptMax: 3)
        machine.forgive()
        #expect(machine.state == after && machine.attemptsCharged == left && machine.attempt == 4)
    }

    @Test(arguments: TaskState.allCases, Event.allCases.filter { $0 != .forgive })
    func `every event leads from every state where the table says`(
        state: TaskState, event: Event
    ) throws {
        let column = try #require(TaskState.allCases.firstIndex(of: state))
        let cell = try #require(Self.next[event])[column]
        var machine = LeaseMachine(state: state, attempt: 4, attemptsCharged: 2, attemptMax: 3)
        let before = machine
        event.happens(to: &machine)
        #expect(machine.state.rawValue == (cell == "." ? state.rawValue : cell))
        if cell == "." { #expect(machine == before) }
    }

    @Test func `a lease counts the attempt when it begins`() {
        var machine = LeaseMachine(state: .ready, attempt: 0, attemptsCharged: 0, attemptMax: 1)
        let isLeased = machine.lease()
        #expect(isLeased && machine.attempt == 1 && machine.attemptsCharged == 1)
    }

    @Test func `the last attempt that ends without success fails the task`() {
        var machine = LeaseMachine(state: .leased, attempt: 5, attemptsCharged: 3, attemptMax: 3)
        machine.endAttempt()
        #expect(machine.state == .failed)
    }

    @Test func `an attempt that is handed back is not counted, but keeps its number`() {
        var machine = LeaseMachine(state: .leased, attempt: 3, attemptsCharged: 3, attemptMax: 3)
        machine.handBack()
        #expect(machine.state == .ready && machine.attempt == 3 && machine.attemptsCharged == 2)
        let isLeased = machine.lease()
        #expect(isLeased && machine.attempt == 4)
    }

    @Test func `a task that is handed back for ever fails in the end`() {
        let most = Limits.attemptsBegunMax
        for (attempt, wanted) in [(most - 1, TaskState.ready), (most, .failed)] {
            var machine = LeaseMachine(
                state: .leased, attempt: attempt, attemptsCharged: 1, attemptMax: 3)
            machine.handBack()
            #expect(machine.state == wanted)
        }
    }

    @Test func `a retry counts anew and goes on numbering`() {
        var machine = LeaseMachine(state: .failed, attempt: 3, attemptsCharged: 3, attemptMax: 3)
        let isRetried = machine.retry()
        #expect(isRetried && machine.attemptsCharged == 0 && machine.attempt == 3)
    }

    @Test func `an attempt revived after a retry counts as one`() {
        var machine = LeaseMachine(state: .ready, attempt: 3, attemptsCharged: 0, attemptMax: 3)
        machine.revive()
        #expect(machine.state == .leased && machine.attemptsCharged == 1)
    }

    @Test func `a ready task without attempts left is not leased`() {
        var machine = LeaseMachine(state: .ready, attempt: 3, attemptsCharged: 3, attemptMax: 3)
        let isLeased = machine.lease()
        #expect(!isLeased)
    }

    // MARK: Standing

    @Test(arguments: TaskState.allCases, AttemptOutcome.allCases)
    func `of the newest attempt, only these three may speak`(
        state: TaskState, outcome: AttemptOutcome
    ) {
        let machine = LeaseMachine(state: state, attempt: 2, attemptsCharged: 2, attemptMax: 3)
        let standing = machine.standing(ofAttempt: 2, outcome: outcome)
        switch (state, outcome) {
        case (.leased, .running): #expect(standing == .current)
        case (.ready, .lost), (.failed, .lost): #expect(standing == .revivable)
        case (.succeeded, .succeeded), (.diverged, .diverged):
            #expect(standing == .completedAlready)
        default:
            guard case .lost(let reason) = standing else {
                Issue.record("\(standing)")
                return
            }
            #expect(!reason.isEmpty)
        }
    }

    @Test(arguments: TaskState.allCases, AttemptOutcome.allCases)
    func `an older attempt never speaks`(state: TaskState, outcome: AttemptOutcome) {
        let machine = LeaseMachine(state: state, attempt: 2, attemptsCharged: 2, attemptMax: 3)
        #expect(
            machine.standing(ofAttempt: 1, outcome: outcome)
                == .lost(reason: "attempt 2 has followed attempt 1"))
    }

    // MARK: Random walk

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `whatever happens in whatever order, the counts and final states hold`(hundred: UInt64) {
        for seed in hundred * 100..<(hundred + 1) * 100 { walk(seed) }
    }

    private func walk(_ seed: UInt64) {
        let random = TestRandom(seed: seed)
        var machine = LeaseMachine(
            state: .ready, attempt: 0, attemptsCharged: 0, attemptMax: 1 + random.below(3))
        var isLastLost = false
        for _ in 0..<200 {
            let before = machine
            let event = Event.allCases[random.below(Event.allCases.count)]
            // The store revives only what was lost.
            if event == .revive && !isLastLost { continue }
            event.happens(to: &machine)
            if before.state == .leased && machine.state != .leased {
                isLastLost = event == .endAttempt
            } else if machine.state == .cancelled {
                isLastLost = false
            }
            check(machine, after: before, event)
        }
    }

    /// One expectation a step: of the many million that hold nobody needs a record.
    private func check(_ machine: LeaseMachine, after before: LeaseMachine, _ event: Event) {
        let begun = event == .lease && machine != before ? 1 : 0
        let isRight =
            (0...machine.attemptMax).contains(machine.attemptsCharged)
            && machine.attemptsCharged <= machine.attempt
            && machine.attempt - before.attempt == begun
            && (machine.state != .ready || machine.attemptsCharged < machine.attemptMax)
            && (machine.state != .leased || machine.attemptsCharged > 0)
            && (before.state != .succeeded || machine == before)
            && (!before.state.isFinal || machine == before
                || [.retry, .forgive, .revive].contains(event))
        if !isRight { Issue.record("\(before), \(event): \(machine)") }
    }
}
