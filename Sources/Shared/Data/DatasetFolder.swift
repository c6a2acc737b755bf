import FoundationEssentials
import Glibc

/// Reads a folder that holds a data set as MNIST is distributed: four IDX files, gzipped or not,
/// under their usual names. What is gzipped is told by content, not by name. Where a file stands
/// there both plain and gzipped, the plain one is read.
public enum DatasetFolder {
    public static func read(directory: String) throws(DatasetError) -> Dataset {
        let files = try find(in: try list(directory), directory)
        return try Dataset(
            train: try split(.trainImages, .trainLabels, files, directory),
            test: try split(.testImages, .testLabels, files, directory))
    }

    /// The raw value is the file's usual name.
    private enum Part: String, CaseIterable {
        case trainImages = "train-images-idx3-ubyte"
        case trainLabels = "train-labels-idx1-ubyte"
        case testImages = "t10k-images-idx3-ubyte"
        case testLabels = "t10k-labels-idx1-ubyte"

        /// The names of this part, the one to prefer first: some sites write a dot before `idx`.
        var names: [String] {
            let dotted = rawValue.replacing("-idx", with: ".idx")
            return [rawValue, dotted, rawValue + ".gz", dotted + ".gz"]
        }
    }
}

// MARK: - The folder

extension DatasetFolder {
    private static let namesShownMax = 20

    private static func list(_ directory: String) throws(DatasetError) -> Set<String> {
        do {
            return Set(try FileManager.default.contentsOfDirectory(atPath: directory))
        } catch {
            throw DatasetError("'\(directory)' is not a folder that can be read: \(reason(error))")
        }
    }

    private static func find(in names: Set<String>, _ directory: String) throws(DatasetError)
        -> [Part: String]
    {
        var found: [Part: String] = [:]
        for part in Part.allCases { found[part] = part.names.first(where: names.contains) }
        let missing = Part.allCases.filter { found[$0] == nil }.map(\.rawValue)
        guard missing.isEmpty else {
            throw DatasetError(
                "'\(directory)' lacks \(missing.joined(separator: ", ")) (with or without .gz); "
                    + "it has \(text(names))")
        }
        return found
    }

    private static func text(_ names: Set<String>) -> String {
        guard !names.isEmpty else { return "no files" }
        let more = names.count > namesShownMax ? " and \(names.count - namesShownMax) more" : ""
        return names.sorted().prefix(namesShownMax).joined(separator: ", ") + more
    }
}

// MARK: - Its files

extension DatasetFolder {
    private static func split(
        _ images: Part, _ labels: Part, _ files: [Part: String], _ directory: String
    ) throws(DatasetError) -> Dataset.Split {
        let (imagesFile, labelsFile) = (files[images] ?? "", files[labels] ?? "")
        let pictures = try IDX.images(contents(imagesFile, directory), file: imagesFile)
        let names = try IDX.labels(contents(labelsFile, directory), file: labelsFile)
        guard pictures.count == names.count else {
            throw DatasetError(
                "'\(imagesFile)' has \(pictures.count) images, but '\(labelsFile)' has "
                    + "\(names.count) labels: the two are not of one set")
        }
        return Dataset.Split(
            inputs: .images(
                pixels: pictures.pixels, rows: pictures.rows, columns: pictures.columns),
            labels: names)
    }

    private static func contents(_ file: String, _ directory: String) throws(DatasetError) -> Data {
        var data: Data
        do throws(FileError) {
            data = try InputFile.read(
                directory + "/" + file, bytesMax: Limits.datasetSourceFileBytesMax)
        } catch {
            throw DatasetError(error.description)
        }
        if Gunzip.isGzip(data) { data = try Gunzip.inflate(data, file: file) }
        return data
    }

    /// The system's own word where there is one: Foundation's sentences are vaguer.
    private static func reason(_ error: any Error) -> String {
        guard let system = (error as? CocoaError)?.underlying as? POSIXError else {
            return "\(error)"
        }
        return String(cString: strerror(system.code.rawValue))
    }
}
