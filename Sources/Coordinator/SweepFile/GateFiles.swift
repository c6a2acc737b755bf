import Foundation
import Shared

/// Gates that stand in files of their own: `{family: file, path: gates/ring.csv}` becomes the
/// explicit gate that the file holds, a line for each input domain, 0 or 1 for each output domain,
/// with commas or without. Paths are relative to the sweep file. What travels is the gate itself:
/// the coordinator never opens a file that a sweep names.
struct GateFiles {
    /// The sweep file's.
    let folder: URL

    /// The document with all its gates inside.
    func inlined(_ document: SourceValue) throws(SweepMistakes) -> SourceValue {
        guard case .map(let members) = document.content else { return document }
        var document = document
        var inlined: [SourceValue.Member] = []
        for member in members {
            inlined.append(
                ["base", "axes"].contains(member.key) ? try inside(member) : member)
        }
        document.content = .map(inlined)
        return document
    }

    private func inside(_ member: SourceValue.Member) throws(SweepMistakes) -> SourceValue.Member {
        var member = member
        member.value =
            member.key == "gate" ? try gates(member.value) : try maps(member.value)
        return member
    }

    private func maps(_ value: SourceValue) throws(SweepMistakes) -> SourceValue {
        var value = value
        switch value.content {
        case .map(let members):
            var inner: [SourceValue.Member] = []
            for member in members { inner.append(try inside(member)) }
            value.content = .map(inner)
        case .list(let elements):
            var inner: [SourceValue] = []
            for element in elements { inner.append(try maps(element)) }
            value.content = .list(inner)
        default: break
        }
        return value
    }

    /// One gate, or the gates of an axis.
    private func gates(_ value: SourceValue) throws(SweepMistakes) -> SourceValue {
        guard case .list(let elements) = value.content else { return try gate(value) }
        var (value, gates) = (value, [SourceValue]())
        for element in elements { gates.append(try gate(element)) }
        value.content = .list(gates)
        return value
    }

    private func gate(_ value: SourceValue) throws(SweepMistakes) -> SourceValue {
        guard case .map(let members) = value.content,
            let family = members.first(where: { $0.key == "family" }),
            case .string("file") = family.value.content
        else { return value }
        guard let path = members.first(where: { $0.key == "path" }) else {
            throw mistake(at: value.place, "found no path, wanted the file that the gate is in")
        }
        guard case .string(let name) = path.value.content else {
            throw mistake(at: path.value.place, "found no text, wanted the path of a file")
        }
        let gate = SourceValue.explicitGate(
            rows: try rows(name, path.value.place), at: path.value.place)
        guard case .map(let explicit) = gate.content else { return value }
        var value = value
        value.content = .map(
            explicit + members.filter { !["family", "path"].contains($0.key) })
        return value
    }

    private func rows(_ name: String, _ place: Place) throws(SweepMistakes) -> [String] {
        let file = URL(fileURLWithPath: name, relativeTo: folder)
        let bytes: Data
        do {
            bytes =
                try FileHandle(forReadingFrom: file).read(upToCount: Limits.gateFileBytesMax + 1)
                ?? Data()
        } catch {
            let reason = (error as NSError).localizedDescription
            throw mistake(at: place, "cannot read the gate \(file.path): \(reason)")
        }
        guard bytes.count <= Limits.gateFileBytesMax,
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw mistake(
                at: place,
                "found in \(name) no UTF-8 text of at most \(Limits.gateFileBytesMax) bytes")
        }
        var rows: [String] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let cells = line.filter { !$0.isWhitespace && $0 != "," }
            if let odd = cells.first(where: { $0 != "0" && $0 != "1" }) {
                throw mistake(
                    at: place, "\(name), row \(index + 1): found \"\(odd)\", wanted 0 or 1")
            }
            rows.append(String(cells))
        }
        return rows.filter { !$0.isEmpty }
    }

    private func mistake(at place: Place, _ sentence: String) -> SweepMistakes {
        SweepMistakes(SweepMistake(.unreadable, at: place, sentence))
    }
}
