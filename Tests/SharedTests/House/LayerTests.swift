import Testing

/// Who may know whom. What an import brings in, every change to it can break: a target sees only
/// what its layer needs, and a library that could be replaced stands behind one file or folder.
@Suite struct LayerTests {
    private static let everywhere: Set = ["FoundationEssentials", "Glibc", "Synchronization"]

    private static let allowed: [String: Set<String>] = [
        "Shared": ["Crypto", "CCurl", "CFloats", "CProcess", "CZlib", "Dispatch", "Logging"],
        "Trainer": ["Shared", "CKernels", "CMatrices"],
        "Worker": ["Shared", "Trainer", "ArgumentParser", "Dispatch", "Logging"],
        "Coordinator": [
            "Shared", "Foundation", "ArgumentParser", "Crypto", "Dispatch", "GRDB", "HTTPTypes",
            "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Logging", "NIOCore",
            "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "NIOSSL",
            "ServiceLifecycle", "SwiftASN1",
            "UnixSignals", "X509", "Yams",
        ],
    ]

    @Test(arguments: Sources.swiftTargets)
    func `a target imports only what its layer allows`(target: String) throws {
        let allowed = try #require(Self.allowed[target]).union(Self.everywhere)
        let files = try Sources.files("Sources/\(target)")
        #expect(files.contains { !$0.imports.isEmpty }, "a check of no imports says nothing")
        for file in files {
            let strangers = Set(file.imports).subtracting(allowed)
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers)")
        }
    }

    /// Paths may be of files or of folders.
    @Test(arguments: [
        ("Yams", "Sources/Coordinator/SweepFile/"), ("GRDB", "Sources/Coordinator/Store/"),
        ("CCurl", "Sources/Shared/Client/HTTPConnection.swift"),
        ("CFloats", "Sources/Shared/Values/FloatEnvironment.swift"),
        ("CZlib", "Sources/Shared/Data/Gunzip.swift"),
        ("CProcess", "Sources/Shared/Process/"),
        ("NIOPosix", "Sources/Coordinator/Bench/"),
        ("X509", "Sources/Coordinator/Access/ServerCertificate.swift"),
    ])
    func `a library stands behind one door`(module: String, door: String) throws {
        let users = try Sources.files("Sources").filter { $0.imports.contains(module) }
        #expect(!users.isEmpty)
        let strangers = users.map(\.path).filter { !$0.hasPrefix(door) }
        #expect(strangers.isEmpty)
    }

    /// A second kind of lock would not test itself, and might not exclude the first.
    @Test(arguments: ["flock(", "lockf(", "F_SETLK", "F_OFD_SETLK"])
    func `files are locked in one place`(call: String) throws {
        let files = try Sources.files("Sources", ["swift", "c", "h"])
        try #require(files.contains { $0.path.hasSuffix("Values/FileLock.swift") })
        let users = files.filter { $0.lines.contains { $0.contains(call) } }
        #expect(
            users.allSatisfy { $0.path.hasSuffix("Values/FileLock.swift") }, "\(users.map(\.path))")
    }
}
