public import FoundationEssentials

/// What a file is that is not what was wanted, told by its first bytes.
public enum FileType {
    /// With its article, such as `a gzip file`; nil if the bytes are of no type that is known here.
    public static func name(of data: Data) -> String? {
        let head = Array(data.prefix(512))
        if let known = signatures.first(where: { head.starts(with: $0.bytes) }) {
            return known.name
        }
        if head.dropFirst(257).starts(with: Array("ustar".utf8)) { return "a tar archive" }
        return textName(head) ?? wideTextName(head)
    }

    /// A file's type is found by the first of these.
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "a gzip file"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive (or an Excel workbook)"),
        ([0x50, 0x4B, 0x05, 0x06], "an empty zip archive"),
        (Array("BZh".utf8), "a bzip2 file"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1], "an old Excel or Word file"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy array (.npy)"),
        ([0x89] + Array("HDF".utf8), "an HDF5 file"),
        ([0x89] + Array("PNG".utf8), "a PNG picture"),
        ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
        (Array("%PDF".utf8), "a PDF document"),
        (Array("MATLAB 5.0".utf8), "a MATLAB file"),
        (Array("SQLite format 3".utf8), "an SQLite database"),
        ([0x7F] + Array("ELF".utf8), "a program"),
        ([0x80, 0x02], "a Python pickle"), ([0x80, 0x03], "a Python pickle"),
        ([0x80, 0x04], "a Python pickle"), ([0x80, 0x05], "a Python pickle"),
        ([0xFF, 0xFE, 0, 0], "UTF-32 text"), ([0, 0, 0xFE, 0xFF], "UTF-32 text"),
        ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"),
    ]

    private static func textName(_ head: [UInt8]) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = head.dropFirst(head.starts(with: mark) ? 3 : 0)
            .drop { [0x09, 0x0A, 0x0D, 0x20].contains($0) }.prefix(64)
        let start = String(decoding: text, as: UTF8.self).lowercased()
        if start.hasPrefix("version https://git-lfs") {
            return "a Git LFS pointer (`git lfs pull` fetches the file)"
        }
        let pages = ["<!doctype html", "<html", "<head", "<body", "<title", "<script", "<!--"]
        if pages.contains(where: start.hasPrefix) { return "a web page (HTML)" }
        return start.hasPrefix("<?xml") ? "an XML document" : nil
    }

    /// UTF-16 without its mark: every other byte is zero.
    private static func wideTextName(_ head: [UInt8]) -> String? {
        let pairs = stride(from: 0, to: min(head.count, 64) - 1, by: 2).map {
            (head[$0], head[$0 + 1])
        }
        guard pairs.count >= 4 else { return nil }
        let isText = { (byte: UInt8) in byte == 9 || byte == 10 || byte == 13 || byte >= 0x20 }
        let isLittle = pairs.allSatisfy { isText($0) && $1 == 0 }
        let isBig = pairs.allSatisfy { $0 == 0 && isText($1) }
        return isLittle || isBig ? "UTF-16 text" : nil
    }
}
