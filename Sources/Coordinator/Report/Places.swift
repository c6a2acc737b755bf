import Synchronization

/// So many things at once, and no more. Each holds its place for as long as it lives.
final class Places: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// Nil where all are taken.
    func take() -> Place? {
        free.withLock { free in
            guard free > 0 else { return nil }
            free -= 1
            return Place(in: self)
        }
    }

    final class Place: Sendable {
        private let places: Places

        fileprivate init(in places: Places) { self.places = places }
        deinit { places.free.withLock { $0 += 1 } }
    }
}
