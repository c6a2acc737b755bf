public import FoundationEssentials

/// Named tensors as one file that PyTorch reads and writes: eight bytes of header length, a JSON
/// header, then the tensors' bytes, little-endian, rows first.
///
/// Invariants of a value of this type, whether made here or read: names are unique, each tensor's
/// byte count is the product of its shape times its element's width, and its bytes begin at index
/// 0. Of a file that is read or written: the tensors fill all bytes after the header, each once.
public struct Safetensors: Equatable, Sendable {
    public private(set) var tensors: [String: Tensor]
    /// Free text under `__metadata__`.
    public var metadata: [String: String]

    public struct Tensor: Equatable, Sendable {
        public let type: ElementType
        public let shape: [Int]
        public let bytes: Data
    }

    public enum ElementType: String, Sendable {
        case uint8 = "U8"
        case float32 = "F32"
        case float64 = "F64"
        case int32 = "I32"
        case int64 = "I64"

        public var width: Int {
            switch self {
            case .uint8: 1
            case .float32, .int32: 4
            case .float64, .int64: 8
            }
        }
    }

    public init(metadata: [String: String] = [:]) {
        tensors = [:]
        self.metadata = metadata
    }
}

// MARK: - Tensors in and out

extension Safetensors {
    /// Adds or replaces a tensor. The number of elements must fit the shape: a programmer's duty.
    public mutating func set(_ name: String, _ values: [Float], shape: [Int]) {
        set(name, .float32, shape, littleEndian: values.map { $0.bitPattern.littleEndian })
    }

    public mutating func set(_ name: String, _ values: [Double], shape: [Int]) {
        set(name, .float64, shape, littleEndian: values.map { $0.bitPattern.littleEndian })
    }

    public mutating func set(_ name: String, _ values: [UInt8], shape: [Int]) {
        set(name, .uint8, shape, littleEndian: values)
    }

    /// A uint8 tensor of bytes that are shared and not copied, unless they are a slice.
    public mutating func set(_ name: String, _ bytes: Data, shape: [Int]) {
        set(name, .uint8, shape, bytes: bytes.startIndex == 0 ? bytes : Data(bytes))
    }

    private mutating func set(
        _ name: String, _ type: ElementType, _ shape: [Int],
        littleEndian values: [some BitwiseCopyable]
    ) {
        set(name, type, shape, bytes: values.withUnsafeBytes { Data($0) })
    }

    private mutating func set(
        _ name: String, _ type: ElementType, _ shape: [Int], bytes: Data
    ) {
        precondition(name != Self.metadataKey, "\(name) is no name for a tensor")
        precondition(
            bytes.count == Self.byteCount(shape, type), "\(name): a shape of another size")
        tensors[name] = Tensor(type: type, shape: shape, bytes: bytes)
    }

    /// The tensor of that name, type and number of dimensions.
    /// Throws a sentence that names what is there where it is another or none.
    public func tensor(_ name: String, _ type: ElementType, rank: Int) throws(SafetensorsError)
        -> Tensor
    {
        guard let tensor = tensors[name] else {
            throw .missing(name, present: tensors.keys.sorted())
        }
        guard tensor.type == type, tensor.shape.count == rank else {
            throw .unexpected(
                name, found: "\(tensor.type.rawValue) \(tensor.shape)",
                wanted: "\(type.rawValue) of \(rank) dimensions")
        }
        return tensor
    }

    /// The elements of a float32 tensor.
    public func floats(_ name: String, rank: Int) throws(SafetensorsError) -> [Float] {
        try tensor(name, .float32, rank: rank).floats
    }
}

extension Safetensors.Tensor {
    /// The elements, where this is a float32 tensor.
    public var floats: [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                let pattern = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: pattern))
            }
        }
    }

    /// The elements, where this is a float64 tensor.
    public var doubles: [Double] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 8).map { index in
                let pattern = raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
                return Double(bitPattern: UInt64(littleEndian: pattern))
            }
        }
    }
}

extension Safetensors.Tensor {
    /// The elements, where this is an int32 tensor.
    public var int32s: [Int32] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
            }
        }
    }
}

// MARK: - The file

extension Safetensors {
    private static let metadataKey = "__metadata__"

    /// The tensors' names in the order of their bytes: widest elements first, so that each tensor
    /// is aligned for readers that map the file (the header is padded); then by name, so that
    /// equal values give equal bytes.
    private var namesInFileOrder: [String] {
        tensors.sorted { ($1.value.type.width, $0.key) < ($0.value.type.width, $1.key) }.map(\.key)
    }

    /// The file's bytes.
    public func serialized() throws -> Data {
        var file = Data()
        // The header of a data set is shorter than this; appending to a large file copies it.
        file.reserveCapacity(tensors.values.reduce(4_096) { $0 + $1.bytes.count })
        try forEachPiece { file.append($0) }
        return file
    }

    /// The file's bytes in pieces, in their order: whoever writes them out needs no copy of all.
    public func forEachPiece(_ body: (Data) throws -> Void) throws {
        var header: [String: JSONValue] = [:]
        if !metadata.isEmpty {
            header[Self.metadataKey] = .object(metadata.mapValues(JSONValue.string))
        }
        var offset = 0
        let names = namesInFileOrder
        for name in names {
            guard let tensor = tensors[name] else { continue }
            let end = offset + tensor.bytes.count
            header[name] = .object([
                "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map(JSONValue.integer)),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ])
            offset = end
        }
        var head = try JSONValue.object(header).canonicalData()
        // Readers want the tensors aligned to eight bytes; spaces are allowed after the header.
        while head.count % 8 != 0 { head.append(0x20) }
        try body(withUnsafeBytes(of: UInt64(head.count).littleEndian) { Data($0) } + head)
        for name in names { if let tensor = tensors[name] { try body(tensor.bytes) } }
    }

    /// Reads a file's bytes. Throws a sentence for anything that is not such a file.
    /// - Parameter names: the tensors to keep, as far as they are there; nil: all. The bytes of
    ///   others are not touched.
    public init(parsing file: Data, only names: Set<String>? = nil) throws(SafetensorsError) {
        let (head, body) = try Self.split(file)
        let header = try Self.header(head, of: file)
        guard header.count <= Limits.tensorsPerFileMax else {
            throw .malformed(
                "it names \(header.count) tensors, over the limit of \(Limits.tensorsPerFileMax)")
        }
        var entries: [Entry] = []
        for (name, value) in header where name != Self.metadataKey {
            entries.append(try Self.entry(name, value, bodyCount: body.count))
        }
        try Self.checkThatEach(of: entries, fills: body.count)
        self.init(metadata: try Self.metadata(header[Self.metadataKey]))
        for entry in entries where names?.contains(entry.name) ?? true {
            let first = body.startIndex + entry.start
            // A copy, so that indices begin at 0 and the file can go.
            let bytes = Data(body[first..<first + entry.end - entry.start])
            tensors[entry.name] = Tensor(type: entry.type, shape: entry.shape, bytes: bytes)
        }
    }

    /// Refuses a key that stands twice: other readers might keep the other of the two values.
    private static func header(_ head: Data, of file: Data) throws(SafetensorsError) -> [String: HeaderValue] {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: head)
        } catch {
            throw .malformed(
                Self.typeName(of: file) ?? "its header is not a JSON object: \(error)")
        }
        guard case .object(let members) = json else {
            throw .malformed(Self.typeName(of: file) ?? "its header is not a JSON object")
        }
        return members.mapValues(HeaderValue.init)
    }

    private static func split(_ file: Data) throws(SafetensorsError) -> (head: Data, body: Data) {
        guard file.count >= 8 else {
            throw .malformed(
                typeName(of: file)
                    ?? "it has \(file.count) bytes, too few for a header"
            )
        }
        let length = file.prefix(8).withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
        guard length <= UInt64(Limits.tensorHeaderBytesMax), length <= UInt64(file.count - 8) else {
            throw .malformed(
                typeName(of: file)
                    ?? "its header claims \(length) bytes; the file has \(file.count - 8) after "
                    + "its length and the limit is \(Limits.tensorHeaderBytesMax)")
        }
        let rest = file.dropFirst(8)
        return (Data(rest.prefix(Int(length))), rest.dropFirst(Int(length)))
    }

    /// Asked for only if the file is not what was wanted: a header's length may look like anything.
    private static func typeName(of file: Data) -> String? {
        FileType.name(of: file).map { "it is \($0)" }
    }

    private static func metadata(_ value: HeaderValue?) throws(SafetensorsError) -> [String: String]
    {
        switch value {
        case nil: return [:]
        case .texts(let texts): return texts
        default: throw .malformed("its \(metadataKey) is not an object of texts")
        }
    }
}

// MARK: - The header's entries

extension Safetensors {
    /// What stands under a name in the header.
    private enum HeaderValue {
        case tensor(dtype: String, shape: [Int], offsets: [Int])
        case texts([String: String])
        case other

        init(_ json: JSONValue) {
            guard case .object(let members) = json else {
                self = .other
                return
            }
            if case .string(let dtype)? = members["dtype"],
                let shape = Self.integers(members["shape"]),
                let offsets = Self.integers(members["data_offsets"])
            {
                self = .tensor(dtype: dtype, shape: shape, offsets: offsets)
                return
            }
            var texts: [String: String] = [:]
            for (key, value) in members {
                guard case .string(let text) = value else {
                    self = .other
                    return
                }
                texts[key] = text
            }
            self = .texts(texts)
        }

        private static func integers(_ json: JSONValue?) -> [Int]? {
            guard case .array(let elements)? = json else { return nil }
            var integers: [Int] = []
            for element in elements {
                guard case .integer(let integer) = element else { return nil }
                integers.append(integer)
            }
            return integers
        }
    }

    /// One tensor as the header says it: its bytes are start ..< end after the header.
    private struct Entry {
        var name: String
        var type: ElementType
        var shape: [Int]
        var start: Int
        var end: Int
    }

    private static func entry(_ name: String, _ value: HeaderValue, bodyCount: Int)
        throws(SafetensorsError) -> Entry
    {
        guard case .tensor(let dtype, let shape, let offsets) = value, offsets.count == 2 else {
            throw .malformed("the entry '\(name)' lacks dtype, shape or data_offsets")
        }
        guard let type = ElementType(rawValue: dtype) else {
            throw .malformed("'\(name)' is of type \(dtype); U8, F32, F64, I32 and I64 are read")
        }
        guard let size = byteCount(shape, type) else {
            throw .malformed("'\(name)' has the shape \(shape), which no tensor can have")
        }
        let (start, end) = (offsets[0], offsets[1])
        guard start >= 0, end >= start, end <= bodyCount, end - start == size else {
            throw .malformed(
                "'\(name)' claims bytes \(start) to \(end) of \(bodyCount); its shape needs \(size)"
            )
        }
        return Entry(name: name, type: type, shape: shape, start: start, end: end)
    }

    /// Entries may stand in any order, but lie end to end.
    private static func checkThatEach(of entries: [Entry], fills bodyCount: Int)
        throws(SafetensorsError)
    {
        var filled = 0
        for entry in entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard entry.start == filled else {
                throw .malformed(
                    "'\(entry.name)' begins at byte \(entry.start), where \(filled) was wanted: "
                        + "tensors overlap or leave a gap")
            }
            filled = entry.end
        }
        guard filled == bodyCount else {
            throw .malformed(
                "its tensors fill \(filled) of the \(bodyCount) bytes after its header")
        }
    }

    /// Nil where a dimension is negative or the product is more than an Int.
    private static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
        var count = type.width
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            count = product
        }
        return count
    }
}

/// Why a safetensors file was not taken. `description` is for people.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
    case malformed(String)
    case missing(String, present: [String])
    case unexpected(String, found: String, wanted: String)

    public var description: String {
        switch self {
        case .malformed(let reason):
            "This is not a safetensors file: \(reason)."
        case .missing(let name, let present):
            "The tensor '\(name)' is missing; there are: \(present.joined(separator: ", "))."
        case .unexpected(let name, let found, let wanted):
            "The tensor '\(name)' is \(found), where \(wanted) was wanted."
        }
    }
}
