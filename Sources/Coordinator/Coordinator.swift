import ArgumentParser
import GRDB
import Hummingbird
import Shared
import Yams
import CZlib

@main
struct Coordinator: AsyncParsableCommand {
    func run() async throws { print("hello", czlib_inflate_gzip_init) }
}
