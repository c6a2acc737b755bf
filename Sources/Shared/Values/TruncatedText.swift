/// Texts from outside that are stored or shown, cut to a number of bytes.
extension String {
    /// At most `bytesMax` bytes of UTF-8, never a part of a code point, with an ellipsis if it was
    /// cut.
    public func truncated(toBytes bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, bytesMax - "…".utf8.count))
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(String.UnicodeScalarView(unicodeScalars[..<end])) + "…"
    }

    /// The first code points of the text, as many as fit in `bytesMax` bytes of UTF-8.
    public func prefix(bytes bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var end = utf8.index(startIndex, offsetBy: bytesMax)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(String.UnicodeScalarView(unicodeScalars[..<end]))
    }
}
