import Foundation

/// Writes gzip files for tests by RFC 1952 and 1951, without zlib: stored blocks, so that it shares
/// nothing with what it tests.
enum GzipWriter {
    static func member(_ content: [UInt8]) -> Data {
        var file: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = content[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            file.append(rest.isEmpty ? 1 : 0)
            file += little(UInt32(block.count)).prefix(2) + little(~UInt32(block.count)).prefix(2)
            file += block
        } while !rest.isEmpty
        return Data(file + little(checksum(content)) + little(UInt32(content.count)))
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// CRC-32, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var remainder: UInt32 = .max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0)
            }
        }
        return ~remainder
    }
}
