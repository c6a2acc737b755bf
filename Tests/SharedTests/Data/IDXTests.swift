import Foundation
@testable import Shared
import Testing

@Suite struct IDXTests {
    @Test func `images are read, from a slice too`() throws {
        let file = Self.file(0x803, [2, 1, 3], [1, 2, 3, 4, 5, 6])
        let wanted = IDX.Images(pixels: Data([1, 2, 3, 4, 5, 6]), count: 2, rows: 1, columns: 3)
        #expect(try IDX.images(file, file: "f") == wanted)
        let slice = (Data([8, 8, 8, 8, 8]) + file)[5...]
        let read = try IDX.images(slice, file: "f")
        #expect(read == wanted && read.pixels.startIndex == 0)
    }

    @Test func `labels are read, up to the largest`() throws {
        #expect(try IDX.labels(Self.file(0x801, [3], [0, 9, 63]), file: "f") == [0, 9, 63])
    }

    @Test(arguments: [
        (Data(), "'f' has 0 bytes, fewer than the 16 of a header for images"),
        (file(0x803, [1, 1], []), "'f' has 12 bytes, fewer than the 16"),
        (
            file(0x801, [4], [0, 1, 2, 3, 4, 5, 6, 7]),
            "'f' begins with 0x00000801 (labels), where 0x00000803 (images) was wanted"
        ),
        (file(0x0308_0000, [1, 1, 1], [0]), "'f' begins with 0x03080000, where"),
        (file(0x803, [0, 28, 28], []), "'f' claims 0 images, where 1 to 10000000 were wanted"),
        (file(0x803, [10_000_001, 1, 1], []), "'f' claims 10000001 images"),
        (file(0x803, [1, 0, 28], []), "'f' claims images of 0 x 28"),
        (file(0x803, [1, 1 << 20, 2], []), "'f' claims images of 1048576 x 2, where 1 to 1048576"),
        (file(0x803, [.max, .max, .max], []), "'f' claims images of 4294967295 x 4294967295"),
        (
            file(0x803, [2, 1, 2], [1, 2, 3]),
            "'f' has 3 bytes after its header, where its 2 images need 4: it is cut short"
        ),
        (
            file(0x803, [2, 1, 2], [1, 2, 3, 4, 5]),
            "'f' has 5 bytes after its header, where its 2 images need 4: it goes on"
        ),
    ])
    func `images that lie are refused with a reason`(data: Data, reason: String) {
        let error = #expect(throws: DatasetError.self) { try IDX.images(data, file: "f") }
        #expect(error?.description.hasPrefix(reason) == true, "\(error as Any)")
    }

    @Test(arguments: [
        (Data([0, 0, 8, 1]), "'f' has 4 bytes, fewer than the 8 of a header for labels"),
        (file(0x803, [1, 1, 1], [0]), "'f' begins with 0x00000803 (images), where 0x00000801"),
        (file(0x801, [0], []), "'f' claims 0 labels"),
        (file(0x801, [2], [1]), "'f' has 1 bytes after its header, where its 2 labels need 2"),
        (file(0x801, [.max], [1]), "'f' claims 4294967295 labels"),
        (
            file(0x801, [3], [1, 64, 2]),
            "'f' gives example 1 the label 64, where 0 to 63 were wanted"
        ),
    ])
    func `labels that lie are refused with a reason`(data: Data, reason: String) {
        let error = #expect(throws: DatasetError.self) { try IDX.labels(data, file: "f") }
        #expect(error?.description.hasPrefix(reason) == true, "\(error as Any)")
    }

    @Test func `damaged headers never trap`() {
        let whole = Self.file(0x803, [1, 2, 2], [1, 2, 3, 4])
        var random = SeededRandom(seed: 2, purpose: .embeddedData)
        for _ in 0..<5_000 {
            var damaged = whole.prefix(random.below(whole.count + 1))
            for _ in 0..<3 where !damaged.isEmpty {
                damaged[random.below(damaged.count)] = UInt8(random.below(256))
            }
            if let read = try? IDX.images(damaged, file: "f") {
                #expect(read.count * read.rows * read.columns == 4)
            }
            _ = try? IDX.labels(damaged, file: "f")
        }
    }

    static func file(_ magic: UInt32, _ sizes: [UInt32], _ body: [UInt8]) -> Data {
        let words = ([magic] + sizes).flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        return Data(words + body)
    }
}
