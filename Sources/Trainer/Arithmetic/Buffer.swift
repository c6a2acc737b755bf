import CKernels

/// Numbers that are allocated once, zero at first, and live as long as their owner: the trainer's
/// weights, states and activations. Aligned to a cache line; large ones ask for large pages, since
/// weights are streamed through and would miss the address cache at every step.
final class Buffer<Element: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    /// - Parameter zero: what it holds at first; nil: nothing yet, so that memory is taken only as
    ///   far as it comes to be used.
    init(count: Int, zero: Element?) {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let isLarge = bytes >= largePageBytes && zero != nil
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: bytes, alignment: isLarge ? largePageBytes : 64)
        if isLarge { gdln_prefer_large_pages(raw, bytes) }
        base = raw.bindMemory(to: Element.self, capacity: max(count, 1))
        if let zero { base.initialize(repeating: zero, count: max(count, 1)) }
        self.count = count
    }

    deinit { base.deallocate() }

    /// A copy, for tests and files.
    var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

extension Buffer where Element: Numeric {
    convenience init(count: Int) { self.init(count: count, zero: 0) }

    func clear(_ count: Int) { base.update(repeating: 0, count: count) }
}

typealias FloatBuffer = Buffer<Float>

private let largePageBytes = 2 << 20
