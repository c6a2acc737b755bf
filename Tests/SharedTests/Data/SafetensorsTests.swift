import Foundation
import Shared
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    @Test func `tensors of every type come back bit for bit`() throws {
        var file = Safetensors(metadata: ["epoch": "3", "straße": "\"\\/"])
        let odd: [Float] = [-0, .infinity, Float(bitPattern: 0x7fa0_1234), .leastNonzeroMagnitude]
        file.set("w", odd, shape: [2, 2])
        file.set("d", [1.5, -Double.infinity, Double.nan], shape: [3])
        file.set("b", [UInt8]([7, 0, 255]), shape: [1, 3])
        file.set("none", [Float](), shape: [4, 0])
        file.set("scalar", [Float(2)], shape: [])

        let read = try Safetensors(parsing: file.serialized())
        #expect(read == file)
        #expect(try read.floats("w", rank: 2).map(\.bitPattern) == odd.map(\.bitPattern))
        #expect(try read.tensor("d", .float64, rank: 1).doubles[2].isNaN)
        #expect(try [UInt8](read.tensor("b", .uint8, rank: 2).bytes) == [7, 0, 255])
        #expect(try read.floats("none", rank: 2).isEmpty)
        #expect(try read.floats("scalar", rank: 0) == [2])
    }

    @Test func `the file is laid out as readers want it`() throws {
        var file = Safetensors()
        file.set("a", [UInt8]([9, 8, 7]), shape: [3])
        file.set("b", [Float(1)], shape: [1])
        file.set("c", [2.0], shape: [1])
        let bytes = [UInt8](try file.serialized())
        let length = bytes.prefix(8).enumerated().reduce(0) {
            $0 + Int($1.element) << (8 * $1.offset)
        }
        #expect(length % 8 == 0)
        let header = try JSONValue(parsing: Data(bytes[8..<8 + length]))
        // The widest first, so that each is aligned: c at 0, b at 8, a at 12.
        #expect(header["c"]?["data_offsets"] == .array([.integer(0), .integer(8)]))
        #expect(header["b"]?["data_offsets"] == .array([.integer(8), .integer(12)]))
        #expect(header["a"]?["data_offsets"] == .array([.integer(12), .integer(15)]))
        #expect(bytes.suffix(7) == [0, 0, 0x80, 0x3f, 9, 8, 7])
        #expect(try Safetensors().serialized() == Data([8, 0, 0, 0, 0, 0, 0, 0] + "{}      ".utf8))
    }

    @Test func `equal values give equal bytes, whatever the order they were set in`() throws {
        let names = (0..<50).map { "tensor \($0)" }
        var (forward, backward) = (Safetensors(), Safetensors())
        for name in names { forward.set(name, [Float(name.count)], shape: [1]) }
        for name in names.reversed() { backward.set(name, [Float(name.count)], shape: [1]) }
        #expect(try forward.serialized() == backward.serialized())
    }

    @Test func `a slice of a larger buffer is read, and read tensors begin at index 0`() throws {
        var file = Safetensors()
        file.set("x", [Float]([1, 2, 3]), shape: [3])
        file.set("y", Data([1, 2, 3, 4])[2...], shape: [2])
        let buffer = Data(repeating: 0x41, count: 13) + (try file.serialized())
        let read = try Safetensors(parsing: buffer[13...])
        #expect(try read.floats("x", rank: 1) == [1, 2, 3])
        #expect(try read.tensor("y", .uint8, rank: 1).bytes[0] == 3)
        #expect(read.tensors.values.allSatisfy { $0.bytes.startIndex == 0 })
        #expect(file.tensors.values.allSatisfy { $0.bytes.startIndex == 0 })
    }

    @Test func `floats are read where they are not aligned`() throws {
        let entries =
            #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"#
            + #""c":{"dtype":"F64","shape":[1],"data_offsets":[5,13]}"#
        let body: [UInt8] = [1, 0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf]
        let read = try Safetensors(parsing: Self.file("{\(entries)}", body))
        #expect(try read.floats("b", rank: 1) == [1])
        #expect(try read.tensor("c", .float64, rank: 1).doubles == [-1])
    }

    @Test func `int32 is read`() throws {
        let header = #"{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}"#
        let read = try Safetensors(
            parsing: Self.file(header, [0xfe, 0xff, 0xff, 0xff, 1, 2, 0, 0]))
        #expect(try read.tensor("a", .int32, rank: 1).int32s == [-2, 513])
    }

    @Test func `a missing or another tensor is named with what is there`() throws {
        var file = Safetensors()
        file.set("bias", [Float(0)], shape: [1])
        file.set("weight", [Float(0)], shape: [1, 1])
        #expect(throws: SafetensorsError.missing("gate", present: ["bias", "weight"])) {
            try file.tensor("gate", .float32, rank: 1)
        }
        #expect(
            throws: SafetensorsError.unexpected(
                "weight", found: "F32 [1, 1]", wanted: "F64 of 2 dimensions")
        ) {
            try file.tensor("weight", .float64, rank: 2)
        }
        #expect(throws: SafetensorsError.self) { try file.floats("weight", rank: 1) }
    }
}

// MARK: - Files from elsewhere

extension SafetensorsTests {
    @Test(arguments: [
        (#"[]"#, 0, "its header is not a JSON object"),
        (#"{"a":"#, 0, "its header is not a JSON object"),
        (#"{"a":7}"#, 0, "the entry 'a' lacks dtype, shape or data_offsets"),
        (#"{"__metadata__":{"a":1}}"#, 0, "its __metadata__ is not an object of texts"),
        (#"{"__metadata__":[]}"#, 0, "its __metadata__ is not an object of texts"),
        (#"{"a":{"dtype":"U8","shape":[1]}}"#, 1, "the entry 'a' lacks"),
        (#"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#, 1, "the entry 'a' lacks"),
        (#"{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}"#, 1, "the entry 'a' lacks"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#, 1, "the entry 'a' lacks"),
        (#"{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#, 2, "'a' is of type BF16"),
        (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1, "has the shape [-1]"),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0,
            "which no tensor can have"
        ),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 1, "bytes 0 to 2 of 1"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}"#, 2, "its shape needs 1"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, 1, "bytes 1 to 0 of 1"),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-9223372036854775808,1]}}"#, 1,
            "claims bytes -9223372036854775808 to 1"
        ),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, "begins at byte 1"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2, "fill 1 of the 2 bytes"),
        (#"{}"#, 1, "fill 0 of the 1 bytes"),
    ])
    func `a header that lies is refused with a reason`(header: String, body: Int, reason: String) {
        let file = Self.file(header, [UInt8](repeating: 0, count: body))
        let error = #expect(throws: SafetensorsError.self) { try Safetensors(parsing: file) }
        #expect(error?.description.contains(reason) == true, "\(error as Any)")
    }

    @Test func `tensors that overlap are refused`() {
        let entries =
            #""a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
            + #""b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}"#
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: Self.file("{\(entries)}", [1, 2, 3]))
        }
        #expect(error?.description.contains("'b' begins at byte 1, where 2 was wanted") == true)
    }

    @Test func `a name that stands twice is refused`() {
        let entries =
            #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
            + #""a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#
        #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: Self.file("{\(entries)}", [1, 2]))
        }
    }

    @Test func `a key that stands twice is refused, wherever it stands`() {
        let entry = #""a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        for header in [
            "{\(entry),\(entry)}",
            #"{"a":{"dtype":"F32","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
            #"{"__metadata__":{"k":"1","k":"2"}}"#,
            #"{"__metadata__":{"k":"1"},\#(entry),"__metadata__":{"k":"1"}}"#,
        ] {
            let error = #expect(throws: SafetensorsError.self) {
                try Safetensors(parsing: Self.file(header, []))
            }
            #expect(error?.description.contains("a second time") == true, "\(header)")
        }
    }

    @Test func `a header longer than the file or the limit is refused`() {
        for length in [3, UInt64(Limits.tensorHeaderBytesMax) + 1, .max] {
            #expect(throws: SafetensorsError.self) {
                try Safetensors(parsing: Self.file("{}", [], length: length))
            }
        }
    }

    @Test func `more tensors than the limit are refused`() {
        let entries = (0...Limits.tensorsPerFileMax).map {
            #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        }
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: Self.file("{\(entries.joined(separator: ","))}", []))
        }
        #expect(error?.description.contains("over the limit of 65536") == true)
    }

    @Test func `a header nested without end is refused, not followed`() {
        let deep = String(repeating: "[", count: 1 << 20)
        #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: Self.file(#"{"a":"# + deep, []))
        }
    }

    @Test func `a file cut anywhere is refused, and a damaged one never traps`() throws {
        var file = Safetensors(metadata: ["k": "v"])
        file.set("a", [Float]([1, 2]), shape: [2])
        file.set("b", [UInt8]([1, 2, 3]), shape: [3])
        let whole = try file.serialized()
        for count in 0..<whole.count {
            #expect(throws: SafetensorsError.self) { try Safetensors(parsing: whole.prefix(count)) }
        }
        var random = SeededRandom(seed: 1, purpose: .embeddedData)
        var taken = 0
        for _ in 0..<2_000 {
            var damaged = whole
            for _ in 0...random.below(3) {
                damaged[random.below(whole.count)] = UInt8(random.below(256))
            }
            if let read = try? Safetensors(parsing: damaged) {
                taken += 1
                #expect(read.tensors.values.allSatisfy { $0.bytes.count <= 11 })
            }
        }
        #expect((1..<1_999).contains(taken))
    }

    @Test func `files that PyTorch wrote are read and written again to equal tensors`() throws {
        let folder = URL(filePath: Fixtures.referenceCasesDirectory())
        let tree = try #require(
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        let files = tree.compactMap { $0 as? URL }.filter { $0.pathExtension == "safetensors" }
        #expect(files.count >= 10)
        #expect(files.contains { $0.lastPathComponent == "transforms.safetensors" })
        for url in files {
            let read = try Safetensors(parsing: Data(contentsOf: url))
            #expect(!read.tensors.isEmpty, "\(url.lastPathComponent)")
            #expect(try Safetensors(parsing: read.serialized()) == read)
        }
    }

    private static func file(_ header: String, _ body: [UInt8], length: UInt64? = nil) -> Data {
        let length = length ?? UInt64(header.utf8.count)
        return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
            + Data(header.utf8) + Data(body)
    }
}
