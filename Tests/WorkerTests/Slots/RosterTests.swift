import Synchronization
import Testing
import Trainer

@testable import Worker

/// Trainings that come and go on a host of four cores.
@Suite struct RosterTests {
    private final class Memory: Sendable {
        let megabytes: Mutex<Int>
        init(_ megabytes: Int) { self.megabytes = Mutex(megabytes) }
        func set(_ value: Int) { megabytes.withLock { $0 = value } }
    }

    private static func roster(_ memory: Memory, slots: Int? = nil) -> Roster {
        Roster(AdmissionTests.admission(slots: slots)) { memory.megabytes.withLock { $0 } << 20 }
    }

    private static func seat(_ roster: Roster, _ need: TrainingNeed) throws -> Roster.Seat {
        guard case .seated(let seat) = roster.enter(need) else { throw NoSeat() }
        return seat
    }

    private struct NoSeat: Error {}

    @Test func `one task at a time is on its way in`() throws {
        let roster = Self.roster(Memory(9_999))
        let arrival = try #require(roster.expectOne())
        #expect(roster.expectOne() == nil)
        arrival.settle()
        try Self.forgetOne(roster) {
            // Of another's arrival the first knows nothing any more.
            arrival.settle()
            #expect(roster.expectOne() == nil)
        }
        // One that is forgotten has settled.
        #expect(roster.expectOne() != nil)
    }

    private static func forgetOne(_ roster: Roster, _ body: () -> Void) throws {
        let next = try #require(roster.expectOne())
        withExtendedLifetime(next, body)
    }

    @Test func `no task is asked for while an end is still to be told`() throws {
        let roster = Self.roster(Memory(9_999))
        #expect(!roster.hasEndToTell)
        roster.attemptBegins()
        #expect(roster.expectOne() == nil)
        let seat = try Self.seat(roster, AdmissionTests.need())
        #expect(roster.expectOne() != nil)
        #expect(!roster.hasEndToTell)
        roster.leave(seat)
        #expect(roster.expectOne() == nil)
        #expect(roster.hasEndToTell)
        roster.attemptEnded()
        #expect(roster.expectOne() != nil)
    }

    @Test func `a host that refuses is idle, and pauses longer each time`() throws {
        let memory = Memory(0)
        let roster = Self.roster(memory)
        let arrival = try #require(roster.expectOne())
        #expect(roster.isBusy)
        for pause in [5.0, 10, 15] {
            guard case .tooLarge = roster.enter(AdmissionTests.need()) else { throw NoSeat() }
            #expect(!roster.isBusy && roster.refusalPauseSeconds == pause)
        }
        for _ in 0..<20 { _ = roster.enter(AdmissionTests.need()) }
        #expect(roster.refusalPauseSeconds == 60)
        memory.set(999)
        _ = try Self.seat(roster, AdmissionTests.need())
        #expect(roster.isBusy && roster.refusalPauseSeconds == 0 && roster.seatedCount == 1)
        arrival.settle()
    }

    @Test func `no task is asked for where one like the last would not fit`() throws {
        let memory = Memory(300)
        let roster = Self.roster(memory)
        let seat = try Self.seat(roster, AdmissionTests.need(200))
        memory.set(100)
        #expect(roster.expectOne() == nil)
        memory.set(300)
        #expect(roster.expectOne() != nil)
        memory.set(100)
        roster.leave(seat)
        // Alone, the next may be smaller: only who has it can tell.
        #expect(roster.expectOne() != nil)
    }

    @Test func `threads follow those who come and go`() throws {
        let roster = Self.roster(Memory(9_999))
        let first = try Self.seat(roster, AdmissionTests.need())
        #expect(first.threads == 4 && roster.mayBegin(first))
        first.hasTaken(4)

        let second = try Self.seat(roster, AdmissionTests.need())
        #expect(first.threads == 2 && second.threads == 2)
        // Not before the first has let go of two: there are four cores.
        #expect(!roster.mayBegin(second))
        first.hasTaken(2)
        #expect(roster.mayBegin(second))
        second.hasTaken(2)

        let third = try Self.seat(roster, AdmissionTests.need(threads: 1))
        #expect([first, second, third].map(\.threads) == [2, 1, 1])
        #expect(!roster.mayBegin(third))
        second.hasTaken(1)
        #expect(roster.mayBegin(third))
        roster.leave(first)
        roster.leave(third)
        #expect(second.threads == 4 && roster.count == 1)
    }

    @Test func `who does not fit waits, and alone is told so`() throws {
        let memory = Memory(150)
        let roster = Self.roster(memory)
        let small = try Self.seat(roster, AdmissionTests.need(50))
        guard case .wait = roster.enter(AdmissionTests.need(200)) else { throw NoSeat() }
        roster.leave(small)
        guard case .tooLarge(let available) = roster.enter(AdmissionTests.need(200)) else {
            throw NoSeat()
        }
        #expect(available == 150 << 20)
        memory.set(400)
        _ = try Self.seat(roster, AdmissionTests.need(200))
    }

    @Test func `a task that is to be trained alone waits for the others, and they for it`() throws {
        let roster = Self.roster(Memory(9_999))
        let small = try Self.seat(roster, AdmissionTests.need())
        guard case .wait = roster.enter(AdmissionTests.need(), isAlone: true) else {
            throw NoSeat()
        }
        roster.leave(small)
        guard case .seated(let seat) = roster.enter(AdmissionTests.need(), isAlone: true) else {
            throw NoSeat()
        }
        #expect(roster.expectOne() == nil)
        guard case .wait = roster.enter(AdmissionTests.need()) else { throw NoSeat() }
        roster.leave(seat)
        #expect(roster.expectOne() != nil)
        _ = try Self.seat(roster, AdmissionTests.need())
    }

    @Test func `slots by hand are as many as they say`() throws {
        let roster = Self.roster(Memory(9_999), slots: 2)
        for _ in 0..<2 {
            let arrival = try #require(roster.expectOne())
            let seat = try Self.seat(roster, AdmissionTests.need())
            seat.hasTaken(seat.threads)
            arrival.settle()
        }
        #expect(roster.expectOne() == nil)
    }
}
