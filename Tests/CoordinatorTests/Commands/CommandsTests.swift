import ArgumentParser
import Foundation
import GRDB
import Logging
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct CommandsTests {
    // MARK: Addresses

    @Test(arguments: [
        ("127.0.0.1:7878", "127.0.0.1", 7878, true), ("localhost:0", "localhost", 0, true),
        ("[::1]:80", "::1", 80, true), ("127.3.2.1:1", "127.3.2.1", 1, true),
        ("0.0.0.0:1", "0.0.0.0", 1, false), ("[::]:65535", "::", 65_535, false),
        ("10.0.0.1:1", "10.0.0.1", 1, false), ("127.example.org:1", "127.example.org", 1, false),
        ("127.0.0.1.example.org:1", "127.0.0.1.example.org", 1, false),
        ("127.0.0.256:1", "127.0.0.256", 1, false),
    ])
    func `an address is read, and loopback is what can be nothing else`(
        text: String, host: String, port: Int, isLoopback: Bool
    ) throws {
        let address = try ListenAddress(text)
        #expect(address.host == host && address.port == port)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: ["", "7878", ":7878", "[]:1", "host:", "host:x", "host:65536", "host:-1"])
    func `what is no address is refused`(text: String) {
        #expect(throws: ValidationError.self) { try ListenAddress(text) }
    }

    @Test func `an IPv6 address stands in brackets in a URL`() throws {
        #expect(try ListenAddress("[::1]:1").hostInURL == "[::1]")
        #expect(try ListenAddress("127.0.0.1:1").hostInURL == "127.0.0.1")
    }

    @Test(arguments: [
        (["--insecure", "--tls"], "--insecure is without encryption"),
        (["--insecure", "--certificate", "c", "--key", "k"], "--insecure is without encryption"),
        (["--certificate", "c"], "--certificate and --key go together"),
        (["--key", "k"], "--certificate and --key go together"),
    ])
    func `a contradiction about encryption is told`(options: [String], sentence: String) throws {
        #expect {
            try Serve.parse(options)
        } throws: {
            Serve.message(for: $0).contains(sentence)
        }
    }

    @Test(arguments: ["0", "0.4", "86401", "nan", "inf", "-1"])
    func `a lease has limits`(seconds: String) {
        #expect(throws: (any Error).self) { try Serve.parse(["--lease-seconds=\(seconds)"]) }
    }

    // MARK: Tables

    @Test func `texts stand to the left, numbers to the right`() {
        var table = TextTable(["name", "tasks", "left"])
        table.add(["study", "6", ""])
        table.add(["a", "1200", "1m"])
        #expect(table.text == "name   tasks  left\nstudy      6\na       1200  1m")
        #expect(TextTable(["x"]).text == "x")
    }

    // MARK: serve

    /// Shells allow 1,024 files, or fewer.
    @Test(arguments: [
        (1 << 20, Limits.connectionsMax), (Limits.connectionsMax + 256, Limits.connectionsMax),
        (1_024, 768), (256, 64), (1, 1),
    ])
    func `connections leave files for the store and the reports`(files: Int, connections: Int) {
        #expect(OpenFiles.connections(filesMax: files) == connections)
    }

    // MARK: check

    @Test func `check finds a good store in order`() async throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        _ = try CoordinatorServer(
            dataDirectory: path, leaseDuration: .seconds(30), logger: .init(label: "test"))
        try await Check.parse(["--data-dir", path]).run()
    }

    @Test func `check does not take a wrong folder for a good store, and makes none`() async throws
    {
        let parent = try TemporaryDirectory()
        for path in [parent.path, parent.path + "/typo"] {
            await #expect {
                try await Check.parse(["--data-dir", path]).run()
            } throws: {
                "\($0)" == "'\(path)' is no coordinator's data directory."
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path).isEmpty)
    }

    @Test func `check tells what is wrong, and fails`() async throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        do {
            let server = try CoordinatorServer(
                dataDirectory: path, leaseDuration: .seconds(30), logger: .init(label: "test"))
            try await server.store.pool.write {
                try $0.execute(
                    sql: """
                        INSERT INTO sweep (number, id, name, specification, createdAt,
                            sharesResults)
                        VALUES (1, 'x', 'empty', '{}', 0, 1)
                        """)
            }
        }
        await #expect {
            try await Check.parse(["--data-dir", path]).run()
        } throws: {
            "\($0)" == "sweep empty has no tasks"
        }
    }
}
