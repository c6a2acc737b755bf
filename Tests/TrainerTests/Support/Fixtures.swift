import Foundation
import Shared

/// The reference cases that lie beside the tests.
enum Fixtures {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures").standardizedFileURL

    static func directory(_ path: String) -> URL { root.appending(path: path) }

    static func json(_ path: String) throws -> JSONValue {
        try JSONValue(parsing: Data(contentsOf: directory(path)))
    }

    static func tensors(_ path: String) throws -> Safetensors {
        try Safetensors(parsing: Data(contentsOf: directory(path)))
    }
}

extension JSONValue {
    /// Numbers of a list, whole ones too; NaN for what is no number.
    var doubles: [Double] {
        guard case .array(let elements) = self else { return [] }
        return elements.map { $0.double ?? .nan }
    }

    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
