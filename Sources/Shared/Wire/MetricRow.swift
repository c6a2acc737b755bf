internal import Crypto

/// What one evaluation measured on one split of the data.
public struct MetricRow: Codable, Hashable, Sendable {
    /// How many epochs had been trained: counts from 1.
    public var epoch: Int
    public var split: Split
    /// By metric name. A metric that does not exist for this network (nothing is untrained where
    /// every gate is open) is absent: it is neither zero nor NaN.
    public var values: [String: MetricValue]

    public init(epoch: Int, split: Split, values: [String: MetricValue]) {
        self.epoch = epoch
        self.split = split
        self.values = values
    }

    public enum Split: String, Codable, CaseIterable, Sendable {
        case train
        case test
    }
}

/// Metrics by the names they have on the wire and in reports.
public enum MetricName {
    public static let lossTrainedPaths = "loss_trained_paths"
    public static let lossUntrainedPaths = "loss_untrained_paths"
    // Of k-path networks.
    public static let accuracyTrainedPaths = "accuracy_trained_paths"
    public static let accuracyUntrainedPaths = "accuracy_untrained_paths"
}

extension MetricRow {
    /// Whether the training loss, or the mean loss of the trained pathways, is NaN or infinite as a
    /// float32: the training has diverged. A row without these metrics, as of a network with no
    /// trained pathway, has not.
    public var isDiverged: Bool {
        [MetricName.trainingLoss, MetricName.lossTrainedPaths].contains { name in
            values[name].map { !$0.value.isFinite } ?? false
        }
    }
}

/// A float32 that may be NaN or infinite, as a diverged loss is: JSON has no number for those, so
/// they travel as the texts `NaN`, `Infinity` and `-Infinity`.
public struct MetricValue: Hashable, Sendable {
    public let value: Float

    public init(_ value: Float) { self.value = value }

    /// As it stands in a report: the shortest digits that give the same float32 back.
    public var text: String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.description
    }

    /// Equal bits, so that a NaN equals itself.
    public static func == (left: MetricValue, right: MetricValue) -> Bool {
        left.value.bitPattern == right.value.bitPattern
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(value.bitPattern) }
}

extension MetricValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            switch text {
            case "NaN": value = .nan
            case "Infinity": value = .infinity
            case "-Infinity": value = -.infinity
            default:
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "a metric is a number, \"NaN\", \"Infinity\" or \"-Infinity\""
                )
            }
        } else {
            // As a float32 from the digits on: by way of a float64 a number could be rounded twice,
            // and one that is too large would become infinite.
            value = try container.decode(Float.self)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encode(text) }
    }
}

/// The SHA-256 over the float32 bits of every evaluation of a training, in order: two trainings
/// that agree in it went the same way to the last bit.
public struct TrajectoryDigest: Sendable {
    private var hash = SHA256()

    public init() {}

    /// Rows come in the order of training; of each its `MetricBatch` bytes are hashed.
    public mutating func append(_ row: MetricRow) { append(MetricBatch([row])) }

    public mutating func append(_ rows: MetricBatch) {
        rows.bytes.withUnsafeBytes { bytes in
            for range in rows.ranges {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
    }

    public var digest: Digest { Digest(hash.finalize()) }
}

/// Which arithmetic made a number. Part of every task's identity: results of two versions are never
/// taken for one another. To be raised by any change that can change a bit of a result.
public enum NumericVersion {
    public static let current = "5"
    /// Those that a store's tasks can have, the newest first.
    public static let all = [current]
}
