import CZlib
import FoundationEssentials

/// Inflates what gzip deflated, in memory and never past a bound: a few kilobytes can claim to be
/// gigabytes. A file of several members is their contents one after the other, as gzip has it.
enum Gunzip {
    private static let magic: [UInt8] = [0x1f, 0x8b]
    private static let chunkBytes = 1 << 18

    /// By content: a file's name may lie.
    static func isGzip(_ data: Data) -> Bool { data.starts(with: magic) }

    /// - Parameter file: what errors call the data.
    static func inflate(
        _ data: Data, file: String, bytesMax: Int = Limits.datasetSourceFileBytesMax
    ) throws(DatasetError) -> Data {
        let inflater = try Inflater(file)
        var (output, rest) = (Data(), data[...])
        var chunk = [UInt8](repeating: 0, count: min(chunkBytes, max(4096, 8 * data.count)))
        // Each step but the last takes or makes a byte, so the loop ends.
        while true {
            let step = inflater.step(rest.prefix(chunkBytes), into: &chunk)
            rest = rest.dropFirst(step.taken)
            guard output.count + step.made <= bytesMax else {
                throw DatasetError(
                    "'\(file)' inflates to more than \(bytesMax) bytes, the limit for one file")
            }
            output.append(contentsOf: chunk.prefix(step.made))
            switch step.status {
            case Z_OK: continue
            case Z_STREAM_END where rest.isEmpty: return output
            case Z_STREAM_END where isGzip(rest): inflater.reset()
            case Z_STREAM_END:
                throw DatasetError(
                    "'\(file)' has \(rest.count) bytes after its gzip data, where its end was "
                        + "wanted")
            case Z_BUF_ERROR:
                throw DatasetError("'\(file)' is cut short: its gzip data has no end")
            default:
                throw DatasetError("'\(file)' has damaged gzip data: \(inflater.complaint)")
            }
        }
    }
}

/// zlib's state, freed with the value. It stays at one address because zlib points back to it.
private struct Inflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>

    init(_ file: String) throws(DatasetError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard czlib_inflate_gzip_init(stream) == Z_OK else {
            stream.deallocate()
            throw DatasetError("'\(file)' cannot be inflated: zlib did not start")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Inflates until the input is taken or the chunk is full. `status` is zlib's.
    func step(_ input: Data, into chunk: inout [UInt8]) -> (taken: Int, made: Int, status: Int32) {
        input.withUnsafeBytes { input in
            chunk.withUnsafeMutableBytes { output in
                // zlib only reads through `next_in`; its header does not say const.
                stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?
                    .assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(output.count)
                let status = CZlib.inflate(stream, Z_NO_FLUSH)
                return (
                    input.count - Int(stream.pointee.avail_in),
                    output.count - Int(stream.pointee.avail_out), status
                )
            }
        }
    }

    /// Makes ready for the next member.
    func reset() { inflateReset(stream) }

    /// What zlib says is wrong.
    var complaint: String { stream.pointee.msg.map { String(cString: $0) } ?? "no reason given" }
}
