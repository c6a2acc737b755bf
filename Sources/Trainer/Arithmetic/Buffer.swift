import CKernels

/// Numbers that are allocated once, zero at first, and live as long as their owner: the trainer's
/// weights, states and activations. Aligned to a cache line; large ones ask for large pages, since
/// weights are streamed through and would miss the address cache at every step.
final class Buffer<Element: Numeric & BitwiseCopyable> {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let isLarge = bytes >= largePageBytes
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: bytes, alignment: isLarge ? largePageBytes : 64)
        if isLarge { gdln_prefer_large_pages(raw, bytes) }
        base = raw.initializeMemory(as: Element.self, repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { base.deallocate() }

    func clear(_ count: Int) { base.update(repeating: 0, count: count) }

    /// A copy, for tests and files.
    var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

typealias FloatBuffer = Buffer<Float>

private let largePageBytes = 2 << 20
