import Shared
import Testing

@testable import Coordinator

@Suite struct LiveLeasesTests {
    let live = LiveLeases(leaseDuration: .seconds(10))
    let start = ContinuousClock.now
    let lease = LeaseID(unchecked: "lease")

    private func hold(_ id: LeaseID, at seconds: Int) {
        live.hold(
            id, sweep: SweepID(unchecked: "s"), worker: WorkerName(unchecked: "w"),
            now: start + .seconds(seconds))
    }

    @Test func `a lease expires when its time is up, and not before`() {
        hold(lease, at: 0)
        #expect(live.expired(now: start + .milliseconds(9_999)) == [])
        #expect(!live.isExpired(lease, now: start + .milliseconds(9_999)))
        #expect(live.expired(now: start + .seconds(10)) == [lease])
        #expect(live.isExpired(lease, now: start + .seconds(10)))
    }

    @Test func `a call puts the expiry off by a whole lease`() {
        hold(lease, at: 0)
        #expect(live.extend(lease, epochsCompleted: 0, now: start + .seconds(9)) == 0)
        #expect(live.expired(now: start + .seconds(18)) == [])
        #expect(live.expired(now: start + .seconds(19)) == [lease])
    }

    @Test func `what is overdue only the store can put off`() {
        hold(lease, at: 0)
        #expect(live.extend(lease, epochsCompleted: 1, now: start + .seconds(10)) == nil)
        #expect(live.isExpired(lease, now: start + .seconds(10)))
        live.renew(lease, now: start + .seconds(10))
        #expect(live.expired(now: start + .milliseconds(19_999)) == [])
        live.end([lease])
        live.renew(lease, now: start)
        #expect(live.entry(lease) == nil)
    }

    @Test func `the time of a stop is given back, and one lease duration more at most`() {
        hold(lease, at: 0)
        let other = LeaseID(unchecked: "other")
        hold(other, at: -6)
        // Stopped from 5 s on for 100 s: `other` had expired before.
        func stop(at seconds: Int) {
            live.giveBack(
                stopped: .seconds(100), since: start + .seconds(seconds),
                now: start + .seconds(seconds + 100))
        }
        stop(at: 5)
        #expect(live.isExpired(other, now: start + .seconds(105)))
        #expect(live.entry(lease)?.expiresAt == start + .seconds(115))
        // Five more seconds, then six, in which no call came: half a lease of grace is left.
        stop(at: 110)
        #expect(live.entry(lease)?.expiresAt == start + .seconds(220))
        stop(at: 216)
        #expect(live.entry(lease)?.expiresAt == start + .seconds(320))
        stop(at: 319)
        #expect(live.isExpired(lease, now: start + .seconds(420)))
        // A call restores the grace.
        live.renew(lease, now: start + .seconds(420))
        stop(at: 429)
        #expect(live.entry(lease)?.expiresAt == start + .seconds(539))
    }

    @Test func `a loop that is always held up expires leases all the same`() {
        hold(lease, at: 0)
        var now = 0
        while live.expired(now: start + .seconds(now)).isEmpty, now < 1_000 {
            live.giveBack(
                stopped: .zero, since: start + .seconds(now), now: start + .seconds(now + 9))
            now += 9
        }
        #expect(now < 30)
    }

    @Test func `epochs are gained once, and never lost`() {
        hold(lease, at: 0)
        #expect(live.extend(lease, epochsCompleted: 3, now: start) == 3)
        #expect(live.extend(lease, epochsCompleted: 3, now: start) == 0)
        #expect(live.extend(lease, epochsCompleted: 2, now: start) == 0)
        #expect(live.entry(lease)?.epochsCompleted == 3)
        #expect(live.extend(lease, epochsCompleted: 5, now: start) == 2)
    }

    @Test func `a worker that begins before its lease's checkpoint is believed`() {
        func begin() {
            live.hold(
                lease, sweep: SweepID(unchecked: "s"), worker: WorkerName(unchecked: "w"),
                epochsCompleted: 30, isReported: false, now: start)
            // A heartbeat, while the checkpoint is fetched.
            #expect(live.extend(lease, epochsCompleted: 0, now: start) == 0)
            #expect(live.entry(lease)?.epochsCompleted == 30)
        }
        begin()
        #expect(live.extend(lease, epochsCompleted: 4, now: start) == 0)
        #expect(live.entry(lease)?.epochsCompleted == 4)
        #expect(live.extend(lease, epochsCompleted: 3, now: start) == 0)
        #expect(live.extend(lease, epochsCompleted: 6, now: start) == 2)
        begin()
        #expect(live.extend(lease, epochsCompleted: 31, now: start) == 1)
        #expect(live.extend(lease, epochsCompleted: 30, now: start) == 0)
        #expect(live.entry(lease)?.epochsCompleted == 31)
    }

    @Test func `a lease that is not held cannot be extended, and counts as expired`() {
        #expect(live.extend(lease, epochsCompleted: 1, now: start) == nil)
        #expect(live.isExpired(lease, now: start))
        hold(lease, at: 0)
        live.end([lease])
        #expect(live.extend(lease, epochsCompleted: 1, now: start) == nil)
        #expect(live.expired(now: start + .seconds(100)) == [])
    }

    @Test func `the one that is overdue for longest comes first`() {
        let ids = [3, 1, 2].map { (LeaseID(unchecked: "l\($0)"), $0) }
        for (id, second) in ids { hold(id, at: second) }
        #expect(live.expired(now: start + .seconds(60)).map(\.rawValue) == ["l1", "l2", "l3"])
    }
}
