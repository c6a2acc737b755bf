import Shared
import Testing

@testable import Worker

/// A fetch is given up only where the coordinator is there and does not give what is asked for.
@Suite struct FetchingTests {
    @Test func `tries count while heartbeats are taken`() {
        var taken = 4
        let patience = FetchPatience { taken }
        for _ in 1..<Limits.fetchTriesMax {
            taken += 1
            #expect(!patience.isOver())
        }
        taken += 2
        #expect(patience.isOver())
    }

    @Test func `while the coordinator is away no number of tries is too many`() {
        var taken = 1
        let patience = FetchPatience { taken }
        taken += 1
        for _ in 0..<1_000 { #expect(!patience.isOver()) }
    }
}
