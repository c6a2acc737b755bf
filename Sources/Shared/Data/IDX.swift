import FoundationEssentials

/// Reads MNIST's own format: a big-endian header (magic number, then one 32-bit size a dimension),
/// then the bytes. Every claim of the header is checked before it is believed: the limits on counts
/// and sizes hold, and the bytes are as many as claimed, no fewer and no more.
enum IDX {
    struct Images: Equatable {
        var pixels: Data
        var count: Int
        var rows: Int
        var columns: Int
    }

    /// - Parameters:
    ///   - data: shares its memory with the pixels if nothing else holds it.
    ///   - file: what errors call the data.
    static func images(_ data: consuming Data, file: String) throws(DatasetError) -> Images {
        let sizes = try sizes(in: data, .images, file)
        let (count, rows, columns) = (sizes[0], sizes[1], sizes[2])
        let pixelsMax = Limits.datasetNumbersPerExampleMax
        let (pixels, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard !overflow, (1...pixelsMax).contains(pixels) else {
            throw DatasetError(
                "'\(file)' claims images of \(rows) x \(columns), where 1 to \(pixelsMax) pixels "
                    + "were wanted")
        }
        let body = try body(of: data, .images, count: count, each: pixels, file)
        return Images(pixels: body, count: count, rows: rows, columns: columns)
    }

    static func labels(_ data: consuming Data, file: String) throws(DatasetError) -> [UInt8] {
        let count = try sizes(in: data, .labels, file)[0]
        let labels = [UInt8](try body(of: data, .labels, count: count, each: 1, file))
        if let odd = labels.firstIndex(where: { $0 >= Limits.classesMax }) {
            throw DatasetError(
                "'\(file)' gives example \(odd) the label \(labels[odd]), where 0 to "
                    + "\(Limits.classesMax - 1) were wanted")
        }
        return labels
    }
}

extension IDX {
    /// The raw value is the magic number: two zero bytes, 08 for bytes, the number of dimensions.
    private enum Kind: UInt32 {
        case images = 0x0000_0803
        case labels = 0x0000_0801

        var dimensions: Int { Int(rawValue & 0xff) }
        var headerBytes: Int { 4 + 4 * dimensions }
        var name: String { self == .images ? "images" : "labels" }
    }

    private static func sizes(in data: Data, _ kind: Kind, _ file: String) throws(DatasetError)
        -> [Int]
    {
        let isKnown = data.count >= 4 && Kind(rawValue: word(0, of: data)) != nil
        if !isKnown, let type = FileType.name(of: data) {
            throw DatasetError("'\(file)' is \(type), wanted an IDX file of \(kind.name)")
        }
        guard data.count >= kind.headerBytes else {
            throw DatasetError(
                "'\(file)' has \(data.count) bytes, fewer than the \(kind.headerBytes) of a header "
                    + "for \(kind.name)")
        }
        let magic = word(0, of: data)
        guard magic == kind.rawValue else {
            let found = Kind(rawValue: magic).map { " (\($0.name))" } ?? ""
            throw DatasetError(
                "'\(file)' begins with \(hexadecimal(magic))\(found), where "
                    + "\(hexadecimal(kind.rawValue)) (\(kind.name)) was wanted")
        }
        return (1...kind.dimensions).map { Int(word($0, of: data)) }
    }

    private static func body(
        of data: consuming Data, _ kind: Kind, count: Int, each: Int, _ file: String
    ) throws(DatasetError) -> Data {
        guard (1...Limits.datasetExamplesMax).contains(count) else {
            throw DatasetError(
                "'\(file)' claims \(count) \(kind.name), where 1 to \(Limits.datasetExamplesMax) "
                    + "were wanted")
        }
        let found = data.count - kind.headerBytes
        guard found == count * each else {
            throw DatasetError(
                "'\(file)' has \(found) bytes after its header, where its \(count) \(kind.name) "
                    + "need \(count * each): it "
                    + (found < count * each ? "is cut short" : "goes on"))
        }
        // A slice keeps its own indices; anything else loses its header where it is.
        if data.startIndex != 0 { return Data(data.dropFirst(kind.headerBytes)) }
        data.removeSubrange(0..<kind.headerBytes)
        return data
    }

    /// The big-endian 32-bit number at four times `index`. The caller has checked the length.
    private static func word(_ index: Int, of data: Data) -> UInt32 {
        data.dropFirst(4 * index).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func hexadecimal(_ magic: UInt32) -> String {
        "0x" + hexadecimalString((0..<4).map { UInt8(truncatingIfNeeded: magic >> (24 - 8 * $0)) })
    }
}
