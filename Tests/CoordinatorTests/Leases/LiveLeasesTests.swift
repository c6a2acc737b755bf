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
