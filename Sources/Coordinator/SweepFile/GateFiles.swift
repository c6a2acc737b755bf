import Foundation
import Shared

/// Gates that stand in files of their own: `{family: file, path: gates/ring.csv}` gets the rows
/// that the file holds, a line for each input domain, 0 or 1 for each output domain, with commas or
/// without, and the file's name without its ending. Paths are relative to the sweep file. What
/// travels is the gate itself: the coordinator never opens a file that a sweep names.
struct GateFiles {
    /// The sweep file's.
    let folder: URL
    /// Whether a gate without a name gets one: what is to be left out has only what is written.
    private var givesNames = true

    init(folder: URL) { self.folder = folder }

    /// The document with all its gates inside.
    func inlined(_ document: SourceValue) throws(SweepMistakes) -> SourceValue {
        guard case .map(let members) = document.content else { return document }
        var (document, excluding) = (document, self)
        excluding.givesNames = false
        var inlined: [SourceValue.Member] = []
        for member in members {
            switch member.key {
            case "base", "axes": inlined.append(try inside(member))
            case "exclude": inlined.append(try excluding.inside(member))
            default: inlined.append(member)
            }
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
        var (value, gates) = (value, [SourceValue]())
        guard case .list(let elements) = value.content else {
            gates = try expanded(value)
            if gates.count == 1 { return gates[0] }
            value.content = .list(gates)
            return value
        }
        for element in elements { gates += try expanded(element) }
        value.content = .list(gates)
        return value
    }

    /// The gate of each file that a gate names, or the gate as it is.
    private func expanded(_ value: SourceValue) throws(SweepMistakes) -> [SourceValue] {
        guard case .map(let members) = value.content,
            let family = members.first(where: { $0.key == "family" }),
            case .string(GateRecipe.Family.file) = family.value.content
        else { return [value] }
        guard let path = members.first(where: { $0.key == "path" }) else {
            throw mistake(at: value.place, "found no path, wanted the file that the gate is in")
        }
        guard case .list(let paths) = path.value.content else {
            return [try gate(value, members, path.value)]
        }
        if paths.isEmpty {
            throw mistake(
                at: path.value.place, "found an empty list, wanted the paths of some files")
        }
        var gates: [SourceValue] = []
        for path in paths { gates.append(try gate(value, members, path)) }
        return gates
    }

    private func gate(_ value: SourceValue, _ members: [SourceValue.Member], _ path: SourceValue)
        throws(SweepMistakes) -> SourceValue
    {
        guard case .string(let name) = path.content else {
            throw mistake(at: path.place, "found no text, wanted the path of a file")
        }
        let rows = try rows(name, path.place).map { SourceValue(.string($0), at: path.place) }
        var gate = members.filter { $0.key != "path" }
        func add(_ key: String, _ content: SourceValue.Content) {
            gate.append(
                SourceValue.Member(
                    key: key, keyPlace: path.place, value: SourceValue(content, at: path.place)))
        }
        add("rows", .list(rows))
        if givesNames, !members.contains(where: { $0.key == "name" }) {
            let stem = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
            add("name", .string(stem.prefix(bytes: Limits.nameBytesMax)))
        }
        return SourceValue(.map(gate), at: path.place)
    }

    private func rows(_ name: String, _ place: Place) throws(SweepMistakes) -> [String] {
        let file = URL(fileURLWithPath: name, relativeTo: folder)
        let bytes: Data
        do throws(FileError) {
            bytes = try InputFile.read(file.path, bytesMax: Limits.gateFileBytesMax)
        } catch {
            throw mistake(at: place, error.description)
        }
        do throws(GateTextError) {
            return try GateText.rows(of: bytes)
        } catch {
            throw mistake(at: place, "\(name)\(error.separator)\(error)")
        }
    }

    private func mistake(at place: Place, _ sentence: String) -> SweepMistakes {
        SweepMistakes(SweepMistake(.unreadable, at: place, sentence))
    }
}
