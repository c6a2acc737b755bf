import ArgumentParser
import Shared
import Trainer

@main
struct Worker: AsyncParsableCommand {
    func run() async throws { print("hello") }
}
