import CFuzzer
import Foundation

/// `decoders NAME LIBFUZZER-ARGUMENTS...`: runs libFuzzer over one decoder. `decoders list` names
/// them; `decoders seed NAME DIR` writes inputs that our own encoders have made.
@main
enum Main {
    nonisolated(unsafe) static var decoder: Decoder = { _ in }

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1 else { return print("usage: decoders NAME [ARGUMENT...]") }
        if arguments[1] == "list" {
            return print(decoders.keys.sorted().joined(separator: "\n"))
        }
        if arguments[1] == "seed", arguments.count == 4 {
            return try Seeds.write(arguments[2], to: arguments[3])
        }
        let name = arguments.remove(at: 1)
        guard let decoder = decoders[name] else {
            print("there is no decoder '\(name)'")
            exit(2)
        }
        self.decoder = decoder
        var count = Int32(arguments.count)
        // libFuzzer keeps them for as long as it runs.
        var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(
            capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { pointers?[index] = strdup(argument) }
        pointers?[arguments.count] = nil
        exit(
            LLVMFuzzerRunDriver(&count, &pointers) { bytes, size in
                let data = bytes.map { Data(bytes: $0, count: size) } ?? Data()
                Main.decoder(data)
                return 0
            })
    }
}
