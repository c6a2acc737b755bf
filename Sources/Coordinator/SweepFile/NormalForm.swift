import Foundation
import Shared

/// Names are read, stored and looked for in Unicode's normal form C, so that a name is found
/// however its accents were typed.
extension String {
    var inNormalFormC: String { isASCII ? self : precomposedStringWithCanonicalMapping }

    /// Whether it has the bytes of its normal form C. Strings that differ in their form alone are
    /// equal.
    var isInNormalFormC: Bool { isASCII || utf8.elementsEqual(inNormalFormC.utf8) }

    private var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}

extension SourceValue {
    /// The same with all its texts and keys in normal form C. Not for paths of files, which have
    /// the form that their file system gives them.
    var inNormalFormC: SourceValue {
        var value = self
        value.place = place.inNormalFormC
        switch content {
        case .string(let text): value.content = .string(text.inNormalFormC)
        case .list(let elements): value.content = .list(elements.map(\.inNormalFormC))
        case .map(let members):
            value.content = .map(
                members.map {
                    Member(
                        key: $0.key.inNormalFormC, keyPlace: $0.keyPlace.inNormalFormC,
                        value: $0.value.inNormalFormC)
                })
        case .null, .bool, .integer, .number: break
        }
        return value
    }
}

extension Place {
    fileprivate var inNormalFormC: Place { Place(path: path.inNormalFormC, line: line) }
}
