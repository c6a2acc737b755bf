/// Names on the wire and in files. A type each, so that a sweep's id cannot be passed for a
/// lease's.
///
/// All are short texts of letters, digits, `-`, `_` and `.`, so that they can stand in a URL, a
/// file name and a log line as they are; `init(rawValue:)` refuses anything else.
public protocol Identifier: RawRepresentable<String>, Hashable, Codable, Sendable,
    CustomStringConvertible
{
    init(unchecked rawValue: String)
}

extension Identifier {
    public init?(rawValue: String) {
        let isPlain = { (byte: UInt8) in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == 45 || byte == 95 || byte == 46
        }
        guard (1...Limits.nameBytesMax).contains(rawValue.utf8.count),
            rawValue.utf8.allSatisfy(isPlain), !rawValue.hasPrefix(".")
        else { return nil }
        self.init(unchecked: rawValue)
    }

    public var description: String { rawValue }
}

/// Names a sweep for good.
public struct SweepID: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// Names one lease, which is one attempt at a task.
public struct LeaseID: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// Proves that its bearer was granted a lease. Travels in a header of its own and is never stored.
public struct LeaseToken: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// Made by a client for each call that changes something, and sent again with each repeat of that
/// call: the coordinator then does the thing once and gives the same answer.
public struct RequestID: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

extension RequestID {
    /// A fresh one: 12 hexadecimal digits of the time, then 20 random ones. The coordinator keeps
    /// answers by these ids: what is called at about the same time then lies side by side, and a
    /// commit touches few pages of its file where random ids would touch one each. Nothing depends
    /// on the clock being right.
    public static func fresh(at now: Timestamp, _ randomBits: () -> UInt64) -> RequestID {
        let time = UInt64(bitPattern: now.milliseconds) << 16
        let digits = withUnsafeBytes(of: time.bigEndian) { hexadecimalString($0.prefix(6)) }
        return RequestID(unchecked: digits + random(digits: 20, randomBits).rawValue)
    }
}

/// Names a worker process. Two processes never share one, not even on the same host.
public struct WorkerName: Identifier {
    public let rawValue: String
    public init(unchecked rawValue: String) { self.rawValue = rawValue }
}

extension Identifier {
    /// A fresh one: `digits` hexadecimal digits, made of the 64 random bits that each call of
    /// `randomBits` gives.
    public static func random(digits: Int = 32, _ randomBits: () -> UInt64) -> Self {
        var text = ""
        while text.count < digits {
            text += withUnsafeBytes(of: randomBits()) { hexadecimalString($0) }
        }
        return Self(unchecked: String(text.prefix(digits)))
    }
}
