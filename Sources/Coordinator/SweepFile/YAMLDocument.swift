import Shared
import Yams

/// One document of YAML as a value with places. Scalars without quotes are read by the rules of
/// YAML 1.2 (`true`, `1e-4`, `~`), so that `no` and `0o17` stay texts and a mistake can show them.
enum YAMLDocument {
    static func read(_ text: String) throws(SweepMistakes) -> SourceValue {
        try YAMLGuard.check(text)
        return try convert(text)
    }

    private static func convert(_ text: String) throws(SweepMistakes) -> SourceValue {
        do {
            // The anchors of nodes live as long as the parser does.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            let value = try root.map { try self.value($0, at: Place(line: 1), depth: 1) }
            if let value, !value.isNull { return value }
        } catch let mistakes as SweepMistakes {
            throw mistakes
        } catch let error as YamlError {
            throw mistake(error)
        } catch {
            throw SweepFile.unreadable("found no YAML: \(error)")
        }
        throw SweepFile.unreadable(
            "found an empty file, wanted a sweep: name, experiment, base and axes")
    }

    private static func value(_ node: Node, at place: Place, depth: Int) throws -> SourceValue {
        var place = place
        guard depth <= Limits.sweepNestingMax + 1 else {
            throw SweepFile.unreadable(
                "found values nested more than \(Limits.sweepNestingMax) deep, wanted at most that",
                line: place.line)
        }
        guard node.anchor == nil else { throw SweepFile.unreadable(anchor, line: place.line) }
        switch node {
        case .scalar(let scalar):
            place.line = scalar.mark?.line ?? place.line
            do throws(NumberTextError) {
                return SourceValue(try content(of: scalar), at: place)
            } catch {
                throw SweepMistakes(
                    SweepMistake(.wrongValue, at: place, error.sentence(scalar.string)))
            }
        case .sequence(let nodes):
            let elements = try nodes.enumerated().map { index, node in
                var inner = place.appending(index: index)
                inner.line = node.mark?.line ?? place.line
                return try value(node, at: inner, depth: depth + 1)
            }
            return SourceValue(.list(elements), at: place)
        case .mapping(let pairs):
            return SourceValue(
                .map(try pairs.map { try member($0, $1, of: place, depth: depth) }), at: place)
        case .alias:
            throw SweepFile.unreadable(anchor, line: place.line)
        }
    }

    private static let anchor =
        "found an anchor or alias (& or *), which sweep files do not have, wanted the value itself"

    /// A map's members stand on the lines of their keys, also where their values begin below.
    private static func member(_ key: Node, _ node: Node, of place: Place, depth: Int) throws
        -> SourceValue.Member
    {
        let line = key.mark?.line ?? place.line
        guard case .scalar(let scalar) = key, case .string(let name)? = try? content(of: scalar)
        else {
            let found = key.scalar.map { "the key \($0.string)" } ?? "a key that is no text"
            throw SweepMistakes(
                SweepMistake(
                    .wrongType, at: Place(path: place.path, line: line),
                    "found \(found), wanted a name as the key"))
        }
        var inner = place.appending(key: name)
        inner.line = line
        return SourceValue.Member(
            key: name, keyPlace: inner, value: try value(node, at: inner, depth: depth + 1))
    }
}

// MARK: - Scalars

extension YAMLDocument {
    private static func content(of scalar: Node.Scalar) throws(NumberTextError)
        -> SourceValue.Content
    {
        scalar.style == .plain ? try content(ofPlain: scalar.string) : .string(scalar.string)
    }

    /// Throws for a number whose value would change.
    static func content(ofPlain text: String) throws(NumberTextError) -> SourceValue.Content {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: break
        }
        guard !hasLeadingZero(text), let value = try NumberText(text)?.value() else {
            return .string(text)
        }
        return SourceValue(value).content
    }

    /// A whole number with a zero before it is none: it may have been meant as octal, or as the row
    /// of a gate.
    private static func hasLeadingZero(_ text: String) -> Bool {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        return digits.count > 1 && digits.first == UInt8(ascii: "0")
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension SourceValue {
    fileprivate var isNull: Bool {
        if case .null = content { true } else { false }
    }
}

// MARK: - What the parser complains of

extension YAMLDocument {
    private static func mistake(_ error: YamlError) -> SweepMistakes {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let line = isToldByStart(problem) ? context?.mark.line ?? mark.line : mark.line
            return SweepFile.unreadable(sentence(problem), line: line)
        case .reader(_, let offset, let value, let yaml):
            let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init)
            return SweepFile.unreadable(
                "found a control character\(scalar.map { " (\($0.codePoint))" } ?? ""), wanted "
                    + "plain text",
                line: offset.map { yaml.prefix($0).count(where: \.isNewline) + 1 })
        case .duplicatedKeysInMapping(let keys, let context):
            return repeatedKey(keys.first ?? "", first: context.mark, in: context.text)
        default:
            return SweepFile.unreadable("found no YAML: \(error)")
        }
    }

    /// The parser gives the first of two equal keys; a person looks for the second.
    private static func repeatedKey(_ key: String, first: Mark, in text: String) -> SweepMistakes {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let again = lines.indices.dropFirst(first.line).first { index in
            lines[index].dropFirst(first.column - 1).hasPrefix(key + ":")
        }
        return SweepMistakes(
            SweepMistake(
                .repeated, at: Place(line: again.map { $0 + 1 } ?? first.line),
                "found the key \(key) again, after line \(first.line), wanted each key once"))
    }

    /// Whether a problem is better told by the line where the thing began than by the one where the
    /// parser gave up.
    private static func isToldByStart(_ problem: String) -> Bool {
        [
            "could not find expected ':'", "did not find expected ',' or ']'",
            "did not find expected ',' or '}'", "found unexpected end of stream",
        ].contains(problem)
    }

    /// The parser's words, or better ones where its own puzzle most people.
    private static func sentence(_ problem: String) -> String {
        switch problem {
        case "mapping values are not allowed in this context":
            "found a \": \" where no key can stand, wanted one key a line, all of a map equally "
                + "far in, and quotes round a text with \": \" in it"
        case "could not find expected ':'":
            "found a line without a \":\" after its key, wanted \"key: value\""
        case "did not find expected key":
            "found a line that is further in or out than its neighbours, wanted all keys of a map "
                + "equally far in"
        case "did not find expected ',' or ']'":
            "found a [ that is not closed, wanted values with \",\" between them and a ]"
        case "did not find expected ',' or '}'":
            "found a { that is not closed, wanted keys and values with \",\" between them and a }"
        case "did not find expected '-' indicator":
            "found a line that is no part of the list above it, wanted \"- \" before each value"
        case "found unexpected end of stream":
            "found the end of the file inside a quoted text, wanted its closing quote"
        case "found character that cannot start any token":
            "found a character that no value begins with (such as @, ` or %), wanted quotes "
                + "round it"
        case "but found another document", "did not find expected <document start>":
            "found a second document, wanted one sweep a file"
        default:
            "found no YAML: \(problem)"
        }
    }
}
