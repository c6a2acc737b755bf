public import Testing

/// Each test of such a suite takes one of a few places that all of them share, and waits for it
/// before it does anything. A time limit of the suite counts that wait, too.
///
/// For tests that keep several processes busy. Most of such a test is waiting, so one at a time
/// would leave the processors idle; many at a time would keep each other from what they wait for.
public struct TakesPlace: SuiteTrait, TestTrait, TestScoping {
    private static let places = Places(3)

    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?,
        performing body: @Sendable () async throws -> Void
    ) async throws {
        await Self.places.take()
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await Self.places.give()
        try result.get()
    }
}

extension Trait where Self == TakesPlace {
    public static var takesPlace: Self { Self() }
}

/// So many may be at work; the others wait for their turn.
private actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 { return free -= 1 }
        await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
