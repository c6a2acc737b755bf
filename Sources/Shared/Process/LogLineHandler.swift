import Glibc
public import Logging

/// Writes a log message as one line: `TIME LEVEL LABEL: MESSAGE KEY=VALUE ...`, in local time.
public struct LogLineHandler: LogHandler {
    private let label: String
    private let writer: LineWriter
    /// Seconds since 1970.
    private let now: @Sendable () -> Int

    public var logLevel = Logger.Level.notice
    public var metadata = Logger.Metadata()
    public var metadataProvider: Logger.MetadataProvider?

    public init(label: String, writer: LineWriter, now: @escaping @Sendable () -> Int) {
        self.label = label
        self.writer = writer
        self.now = now
    }

    /// Has all loggers of the process write to the standard error. Call once, and
    /// `LineWriter.standardError.flush()` before the process ends.
    public static func bootstrap() {
        LoggingSystem.bootstrap {
            LogLineHandler(label: $0, writer: .standardError, now: { time(nil) })
        }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var values = metadata
        values.merge(metadataProvider?.get() ?? [:]) { $1 }
        values.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error { values["error"] = "\(error)" }
        let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        let line = "\(timestamp) \(event.level) \(label): \(event.message)\(pairs.joined())"
        writer.write(line.plainLine + "\n")
    }

    private var timestamp: String {
        var (seconds, parts) = (now(), tm())
        var text = [CChar](repeating: 0, count: 64)
        guard localtime_r(&seconds, &parts) != nil else { return "-" }
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
