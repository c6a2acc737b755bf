import Foundation
import TestSupport
import Testing

@testable import Shared

/// How a client learns where its coordinator is, and how to get in.
@Suite struct JoinTests {
    private static let worker = AccessToken(role: .worker) { 1 }
    private static let admin = AccessToken(role: .admin) { 2 }
    private static let pin = Join.pin(publicKey: Data("key".utf8))

    /// A file that its owner alone can read.
    private static func write(_ text: String, _ path: String, mode: Int = 0o600) throws {
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path,
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func `a join string is read as it was written`() throws {
        for join in [
            Join(address: "http://127.0.0.1:7878", token: Self.worker),
            Join(address: "https://node-7:7878", token: Self.admin, pin: Self.pin),
        ] {
            #expect(try Join(parsing: join.text) == join)
            #expect(try Join(parsing: "  \(join.text)\r\n\n") == join)
        }
        let slashes = try Join(parsing: "http://h:1//,\(Self.worker.text)")
        #expect(slashes.address == "http://h:1")
        #expect(try Join(parsing: slashes.text) == slashes)
        #expect(Join(address: "https://h:1", token: Self.worker, pin: Self.pin).text.count < 200)
    }

    @Test func `a pin is what openssl makes of the same bytes`() {
        // printf key | openssl dgst -sha256 -binary | base64
        #expect(Self.pin == "sha256//LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM=")
    }

    @Test(arguments: [
        ("", "URL,TOKEN"), ("https://h:1", "URL,TOKEN"), ("a,b,c,d", "URL,TOKEN"),
        ("ftp://h,TOKEN", "no http"), ("h:1,TOKEN,PIN", "no http"),
        ("https://h:1,gdln_worker_1,PIN", "token"), ("https://h:1,,PIN", "token"),
        ("https://h:1,TOKEN,", "pin"), ("https://h:1,TOKEN,sha256//AAAA", "pin"),
        ("https://h:1,TOKEN,md5//AAAA", "pin"), ("http://h:1,TOKEN,PIN", "pin"),
        ("http://,TOKEN", "no host"), ("https:////,TOKEN,PIN", "no host"),
    ])
    func `what is damaged is told, without the secret`(text: String, word: String) {
        let text = text.replacingOccurrences(of: "TOKEN", with: Self.worker.text)
            .replacingOccurrences(of: "PIN", with: Self.pin)
        // The first case wants the words of the shape themselves.
        let isShape = word == "URL,TOKEN"
        #expect {
            try Join(parsing: text)
        } throws: {
            "\($0)".contains(isShape ? "URL,TOKEN" : word) && !"\($0)".contains(Self.worker.text)
        }
    }

    // MARK: - Sources

    private func source(
        _ options: JoinSource.Words = .init(), _ environment: EnvironmentVariables = [:],
        role: Role = .worker, defaultAddress: String? = nil
    ) throws -> JoinSource {
        try JoinSource(
            options: options, environment: environment, role: role,
            defaultAddress: defaultAddress)
    }

    @Test func `the most explicit word wins, options before the environment`() throws {
        let text = Join(address: "http://h:1", token: Self.worker).text
        let all = JoinSource.Words(join: text, joinFile: "/f", address: "http://a:1")
        let variables: EnvironmentVariables = [
            "GDLN_JOIN": text, "GDLN_JOIN_FILE": "/g", "GDLN_COORDINATOR": "http://b:1",
            "XDG_STATE_HOME": "/s",
        ]
        let given = JoinSource.given(try Join(parsing: text))
        #expect(try source(all, variables) == given)
        #expect(
            try source(.init(joinFile: "/f", address: "http://a:1"), variables) == .file("/f"))
        #expect(
            try source(.init(address: "http://a:1"), variables)
                == .address("http://a:1", folder: "/s/gdln", role: .worker))
        #expect(try source(.init(), variables) == given)
        #expect(
            try source(.init(), ["GDLN_JOIN_FILE": "/g", "GDLN_COORDINATOR": "http://b:1"])
                == .file("/g"))
        #expect(
            try source(.init(), ["HOME": "/h"], role: .admin, defaultAddress: "http://d:1")
                == .address("http://d:1", folder: "/h/.local/state/gdln", role: .admin))
        let empty: EnvironmentVariables = [
            "GDLN_JOIN": "", "GDLN_JOIN_FILE": "", "GDLN_COORDINATOR": "", "XDG_STATE_HOME": "",
            "HOME": "",
        ]
        for environment in [[:], empty] {
            #expect {
                try source(.init(), environment)
            } throws: {
                "\($0)".hasPrefix("Which coordinator?")
            }
            #expect(LocalAccess.folder(environment: environment) == nil)
        }
        #expect(
            LocalAccess.folder(environment: ["XDG_STATE_HOME": "here", "HOME": "/h"])
                == "/h/.local/state/gdln")
    }

    @Test func `a coordinator on this host is found with its token, by host and port`() throws {
        let folder = try TemporaryDirectory()
        let environment: EnvironmentVariables = ["XDG_STATE_HOME": folder.path]
        let worker = Join(address: "https://127.0.0.1:7878", token: Self.worker, pin: Self.pin)
        let admin = Join(address: "https://127.0.0.1:7878", token: Self.admin, pin: Self.pin)
        try Self.write(worker.text + "\n", folder.path + "/gdln/127.0.0.1:7878.worker")
        try Self.write(admin.text + "\n", folder.path + "/gdln/127.0.0.1:7878.admin")
        for address in [
            "http://127.0.0.1:7878", "https://127.0.0.1:7878/", "http://localhost:7878",
        ] {
            let words = JoinSource.Words(address: address)
            #expect(try source(words, environment).load() == worker)
            #expect(try source(words, environment, role: .admin).load() == admin)
        }
        for address in ["http://127.0.0.1:7879", "http://h:7878", "http://../x", "nonsense"] {
            let join = try source(.init(address: address), environment).load()
            #expect(join == Join(address: address), "\(address)")
        }
    }

    @Test func `a join file is read each time anew`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/join"
        let source = JoinSource.file(path)
        #expect(source.isChangeable)
        #expect {
            try source.load()
        } throws: {
            "\($0)".contains("is not there")
        }
        for token in [Self.worker, Self.admin] {
            let join = Join(address: "http://h:1", token: token)
            try Self.write(join.text, path)
            #expect(try source.load() == join)
        }
    }

    // MARK: - Private files

    @Test(arguments: [
        (0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o666, false),
        (0o602, false), (0o620, false), (0o601, false),
    ])
    func `a file that others can reach is not used`(mode: Int, isUsed: Bool) throws {
        let folder = try TemporaryDirectory()
        try Self.write("x", folder.path + "/f", mode: mode)
        if isUsed {
            #expect(try PrivateFile.read(folder.path + "/f") == "x")
        } else {
            #expect {
                try PrivateFile.read(folder.path + "/f")
            } throws: {
                "\($0)".contains("chmod 600")
            }
        }
    }

    /// Root alone can have such files and mounts; the rule is the same for everybody.
    @Test(arguments: [
        // On a disk: what others can reach is explained, by what its user can do about it.
        (0o400, 7, 7, false, nil), (0o640, 0, 7, false, nil), (0o444, 7, 7, false, "chmod 600"),
        (0o444, 0, 7, false, "have root chmod 640"), (0o444, 0, 0, false, "chmod 600"),
        (0o600, 8, 7, false, "belongs to the user 8, and this process runs as 7"),
        (0o600, 8, 0, false, "belongs to the user 8, and this process runs as 0"),
        // On a read-only mount, as a secret of a container.
        (0o444, 0, 7, true, nil), (0o644, 7, 7, true, nil), (0o444, 65_534, 0, true, nil),
        (0o666, 0, 7, true, "0666"), (0o460, 0, 7, true, "0460"),
    ])
    func `who can reach a secret decides whether it is used`(
        mode: UInt32, owner: UInt32, user: UInt32, isReadOnly: Bool, words: String?
    ) throws {
        let file = PrivateFile.Access(mode: mode, owner: owner, isReadOnly: isReadOnly)
        let found = file.objection(user: user, isOwnerChecked: true)
        #expect((found == nil) == (words == nil), "\(found ?? "")")
        if let words { #expect(found?.contains(words) == true, "\(found ?? "")") }
    }

    @Test func `a file of another user is not used, nor what is no file`() throws {
        let folder = try TemporaryDirectory()
        #expect(try PrivateFile.read(folder.path + "/none") == nil)
        #expect(throws: JoinError.self) { try PrivateFile.read(folder.path) }
        #expect(throws: JoinError.self) { try PrivateFile.read("/dev/zero") }
        guard geteuid() == 0 else { return }
        try Self.write("x", folder.path + "/f")
        #expect(chown(folder.path + "/f", 65_534, 65_534) == 0)
        #expect {
            try PrivateFile.read(folder.path + "/f")
        } throws: {
            "\($0)".contains("belongs to the user 65534, and this process runs as 0")
        }
    }
}
