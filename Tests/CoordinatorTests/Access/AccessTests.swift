import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// Every route, with every kind of caller. The routes are the router's own, so that none can be
/// forgotten.
@Suite struct AccessTests {
    private struct Route: CustomStringConvertible {
        let method: HTTPTypes.HTTPRequest.Method
        let path: String

        /// With something in the place of each parameter.
        var uri: String {
            "/"
                + path.split(separator: "/").map { $0.hasPrefix("{") ? "x" : String($0) }
                .joined(separator: "/")
        }
        var description: String { "\(method) \(path)" }
        var rule: AccessRule { AccessRule.rule(for: method, path) }
    }

    private static func routes(_ world: ServerWorld) throws -> [Route] {
        let routes = world.server.router().routes.map {
            Route(method: $0.method, path: "/\($0.path)".replacingOccurrences(of: "//", with: "/"))
        }
        try #require(routes.count > 20, "a check of few routes says little")
        return routes
    }

    private static func call(
        _ route: Route, _ client: any TestClientProtocol, authorization: [String]
    ) async throws -> Answer {
        var headers = HTTPFields()
        for value in authorization {
            headers.append(HTTPField(name: .authorization, value: value))
        }
        if let name = HTTPField.Name("Request-Id") { headers[name] = UUID().uuidString }
        let body = route.method == .get ? nil : ByteBuffer(string: "{}")
        headers[.contentLength] = body.map { "\($0.readableBytes)" }
        return try await client.execute(
            uri: route.uri, method: route.method, headers: headers, body: body
        ) {
            Answer(status: $0.status.code, body: String(buffer: $0.body), headers: $0.headers)
        }
    }

    /// The client that adds no token of its own.
    private static func withStranger(
        _ world: ServerWorld,
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        try await Application(router: world.server.router()).test(.router) { try await body($0) }
    }

    @Test func `without a token nothing is open but the sign of life`() async throws {
        let world = try await ServerWorld()
        let routes = try Self.routes(world)
        try await Self.withStranger(world) { client in
            for route in routes {
                let answer = try await Self.call(route, client, authorization: [])
                if route.path == "/healthz" {
                    #expect(answer.status == 200)
                } else {
                    #expect(answer.status == 401 && answer.code == .unauthorized, "\(route)")
                    #expect(answer.headers[.wwwAuthenticate] == "Bearer")
                }
            }
            for path in ["/", "/v1", "/v1/nothing", "/healthz/x", "//v1/sweeps"] {
                let nowhere = Route(method: .get, path: path)
                let answer = try await Self.call(nowhere, client, authorization: [])
                #expect(answer.status == 401, "\(path)")
            }
        }
    }

    @Test func `a token that is garbled, unknown, revoked or expired opens nothing`() async throws {
        let world = try await ServerWorld()
        let routes = try Self.routes(world)
        let good = world.server.ownTokens.admin.text
        let unknown = AccessToken(role: .admin) { 7 }
        let revoked = try world.token(.admin)
        _ = try world.server.tokens.revoke(
            String(revoked.digest.hexadecimal.prefix(Limits.tokenIDDigits)),
            at: Timestamp(milliseconds: 0))
        let expired = try world.token(.admin, validForSeconds: 1)
        let wrong: [[String]] = [
            [""], ["Bearer"], ["Bearer "], [good], ["Basic \(good)"], ["Bearer \(good)x"],
            ["Bearer \(good.dropLast())"], ["Bearer \(good.uppercased())"],
            ["Bearer \(good) \(good)"], ["Bearer \(good)", "Bearer \(good)"],
            ["Bearer " + good.replacingOccurrences(of: "admin", with: "worker")],
            ["Bearer \(unknown.text)"], ["Bearer \(revoked.text)"],
            ["Bearer \(expired.text)"],
            ["Bearer \(world.server.ownTokens.admin.digest)"],
            ["Bearer " + String(repeating: "a", count: 10_000)],
        ]
        try await Self.withStranger(world) { client in
            for route in routes where route.rule != .anybody {
                for authorization in wrong {
                    let answer = try await Self.call(route, client, authorization: authorization)
                    #expect(answer.status == 401, "\(route) \(authorization)")
                    #expect(!answer.body.contains("gdln_"))
                }
            }
        }
    }

    @Test func `a lesser token is refused, and one that suffices is not`() async throws {
        let world = try await ServerWorld()
        let routes = try Self.routes(world)
        let tokens = try Role.allCases.map { try world.token($0) }
        try await Self.withStranger(world) { client in
            for route in routes where route.rule != .anybody {
                for token in tokens {
                    let answer = try await Self.call(
                        route, client, authorization: ["Bearer \(token.text)"])
                    let isRefused =
                        answer.status == 403
                        && answer.message?.error.message.contains("may not do this") == true
                    #expect(isRefused != route.rule.allows(token.role), "\(route) \(token.role)")
                    #expect(answer.status != 401)
                }
            }
        }
    }

    /// The rule itself, once more and by hand, for the routes that matter most.
    @Test(arguments: [
        ("GET", "/healthz", [Role.read, .submit, .worker, .admin]),
        ("GET", "/v1/sweeps", [.read, .submit, .admin]),
        ("GET", "/v1/sweeps/{sweep}/report.csv", [.read, .submit, .admin]),
        ("POST", "/v1/sweeps", [.submit, .admin]),
        ("POST", "/v1/sweeps/{sweep}/cancel", [.submit, .admin]),
        ("PUT", "/v1/datasets/{dataset}", [.submit, .admin]),
        ("GET", "/v1/datasets", [.read, .submit, .admin]),
        ("GET", "/v1/datasets/{dataset}", [.worker, .admin]),
        ("POST", "/v1/leases", [.worker, .admin]),
        ("PUT", "/v1/leases/{lease}/checkpoint", [.worker, .admin]),
        ("GET", "/v1/tokens", [.admin]), ("POST", "/v1/tokens", [.admin]),
        ("POST", "/v1/tokens/{token}/revoke", [.admin]),
        ("POST", "/something/new", [.submit, .admin]),
    ])
    func `who may call what`(method: String, path: String, roles: [Role]) throws {
        let method = try #require(HTTPTypes.HTTPRequest.Method(method))
        let rule = AccessRule.rule(for: method, path)
        #expect(Role.allCases.filter { rule.allows($0) } == roles)
    }

    @Test func `a token is made for a second to ten years, or for good`() async throws {
        let digest = Digest(of: Data("token".utf8))
        try await ServerWorld().test { client in
            let most = Limits.tokenSecondsMax
            for (seconds, status) in [
                ("0", 400), ("-1", 400), ("\(most + 1)", 400), ("\(Int64.max)", 400),
                ("1e99", 400), ("1.5", 400), ("\"1\"", 400), ("\(most)", 200), ("null", 422),
            ] {
                let body = """
                    {"label":"l","role":"read","token_sha256":"\(digest)",
                    "valid_for_seconds":\(seconds)}
                    """
                let answer = try await client.post("/v1/tokens", body, id: "a")
                #expect(answer.status == status, "\(seconds) \(answer.body)")
            }
        }
    }

    // MARK: - The form of a request

    @Test func `a host's name must be known, a number need not`() {
        let hosts = AllowedHosts(["Node-7.example.org"])
        for host in [
            "localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:7878", "[::1]:7878", "[::1]",
            "10.2.3.4:1", "node-7.example.org:7878",
        ] {
            #expect(hosts.allows(host), "\(host)")
        }
        for host in [
            "", "evil.example", "evil.example:7878", "localhost.evil.example", "127.0.0.1.nip.io",
            "localhost:", "localhost:x", "[::1", "[::1]x", "::1", "0x7f.1", "127.1", "1",
        ] {
            #expect(!hosts.allows(host), "\(host)")
        }
    }

    @Test func `what is shown on terminals cannot steer them`() async throws {
        let digest = Digest(of: Data("token".utf8))
        try await ServerWorld().test { client in
            for (label, status) in [
                ("\u{1B}[31m", 400), ("\u{9B}31m", 400), ("a\u{202E}b", 400), ("a\u{2028}b", 400),
                ("Müller, Büro 3 – \u{200D}", 200),
            ] {
                let text = try WireCoding.encode(
                    TokenRequest(role: .read, label: label, digest: digest))
                let answer = try await client.post(
                    "/v1/tokens", String(decoding: text, as: UTF8.self), id: "a")
                #expect(answer.status == status, "\(label.unicodeScalars.map(\.value))")
            }
        }
    }

    @Test func `a body in another encoding is not taken`() async throws {
        try await ServerWorld().test { client in
            for (encoding, status) in [("gzip", 415), ("identity", 400), ("br, gzip", 415)] {
                let answer = try await client.execute(
                    uri: "/v1/sweeps", method: .post, headers: [.contentEncoding: encoding],
                    body: ByteBuffer(string: "{}")
                ) { $0.status.code }
                #expect(answer == status)
            }
        }
    }

    @Test(arguments: [
        ("/v1/datasets/x", Limits.datasetBytesMax),
        ("/v1/leases/x/checkpoint", Limits.checkpointBytesMax),
    ])
    func `an upload must say how long it is, and that must be allowed`(path: String, most: Int)
        async throws
    {
        let world = try await ServerWorld()
        try await Self.withStranger(world) { client in
            for (length, status) in [
                (nil, 411), ("x", 411), ("-1", 411), ("\(most + 1)", 413),
                ("99999999999999999999", 411),
            ] {
                let answer = try await client.execute(
                    uri: path, method: .put,
                    headers: [
                        .authorization: "Bearer \(world.server.ownTokens.admin.text)",
                        .contentLength: length ?? "",
                    ], body: nil
                ) { $0.status.code }
                #expect(answer == status, "\(length ?? "none")")
            }
        }
    }

    @Test func `an address that is too long is refused`() async throws {
        try await ServerWorld().test { client in
            let long = "/v1/sweeps/" + String(repeating: "x", count: Limits.uriBytesMax)
            let answer = try await client.get(long)
            #expect(answer.status == 414 && answer.code == .tooLarge)
        }
    }

    // MARK: - Too much

    @Test func `a person's program that calls too often is told when to come back`() async throws {
        // Of a clock that stands still, how fast this machine is makes no difference.
        let start = ContinuousClock.now
        var environment = Store.Environment.system
        environment.instant = { start }
        let world = try await ServerWorld(environment: environment)
        try await world.test(as: world.token(.read)) { client in
            for _ in 0..<Int(Limits.personRequestBurst) {
                #expect(try await client.get("/v1/workers").status == 200)
            }
            let answer = try await client.get("/v1/workers")
            #expect(answer.status == 429 && answer.code == .tooManyRequests)
            #expect(answer.headers[.retryAfter] == "1")
        }
    }

    @Test func `a bucket fills steadily, each token has its own`() {
        let rates = RequestRates()
        let rate = RequestRates.Rate(perSecond: 2, burst: 3)
        let (one, other) = (Digest(of: Data([1])), Digest(of: Data([2])))
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(rates.secondsToWait(one, rate, now: start) == nil) }
        #expect(rates.secondsToWait(one, rate, now: start) == 0.5)
        #expect(rates.secondsToWait(other, rate, now: start) == nil)
        #expect(rates.secondsToWait(one, rate, now: start + .milliseconds(250)) == 0.25)
        #expect(rates.secondsToWait(one, rate, now: start + .milliseconds(500)) == nil)
        for _ in 0..<3 { #expect(rates.secondsToWait(one, rate, now: start + .hours(1)) == nil) }
        #expect(rates.secondsToWait(one, rate, now: start + .hours(1)) != nil)
    }

    @Test func `uploads leave room for results`() {
        let large = 1_000 << 30
        let reserve = Limits.diskReserveBytes
        #expect(DiskSpace.isEnough(free: reserve + 10, size: large, wanted: 10))
        #expect(!DiskSpace.isEnough(free: reserve + 10, size: large, wanted: 11))
        #expect(!DiskSpace.isEnough(free: 0, size: large, wanted: 0))
        // A small disk's reserve is a part of it.
        #expect(DiskSpace.isEnough(free: 60, size: 1_000, wanted: 10))
        #expect(!DiskSpace.isEnough(free: 60, size: 1_000, wanted: 11))
    }

    @Test func `the store's log stays small on a small disk`() {
        for (megabytes, pages) in [(8, 256), (24, 256), (64, 512), (512, 4_096), (1 << 20, 8_192)] {
            #expect(DiskSpace { (0, megabytes << 20) }.logPages == pages)
        }
        #expect(DiskSpace { nil }.logPages == 8_192)
    }

    @Test func `what an upload may take is free again once it has ended`() async throws {
        let file = try ServerWorld.tiny.serialized()
        // Room for one at a time, and for half of one more.
        let room = Limits.diskReserveBytes + file.count * 3 / 2
        let world = try await ServerWorld(space: DiskSpace { (room, 1 << 40) })
        try await world.test { client in
            for name in ["a", "b", "c"] {
                let answer = try await DatasetRoutesTests.put(client, name, file, id: name)
                #expect(answer.status == 200, "\(answer.body)")
            }
        }
    }

    @Test func `on a disk that is nearly full results are taken, and nothing else`() async throws {
        let free = Mutex(1 << 40)
        let space = DiskSpace { (free.withLock { $0 }, 1 << 40) }
        let world = try await ServerWorld(space: space)
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let leases = try await client.lease(slots: 2)
            free.withLock { $0 = Limits.diskReserveBytes }
            let refused = [
                try await client.post("/v1/sweeps", ServerWorld.sweep(name: "other")),
                try await DatasetRoutesTests.put(
                    client, "other", ServerWorld.tiny.serialized()),
            ]
            for answer in refused {
                #expect(answer.status == 503 && answer.code == .unavailable, "\(answer.body)")
                #expect(answer.headers[.retryAfter] == "\(Limits.fullDiskRetrySeconds)")
            }
            try await ReportsTests.finish(leases[0], client)
            // A small report is no matter.
            #expect(try await client.get("/v1/sweeps/study/report.csv").status == 200)
            free.withLock { $0 = 1 << 40 }
            let accepted = try await client.post(
                "/v1/sweeps", ServerWorld.sweep(name: "other"))
            #expect(accepted.status == 201)
        }
    }

    @Test func `a large report ends where the disk's reserve begins`() throws {
        let directory = try TemporaryDirectory()
        let output = LineOutput(
            file: try TemporaryFile(in: directory.path), space: DiskSpace { (0, 1 << 40) })
        let line = String(repeating: "x", count: 1 << 20)
        #expect(throws: APIError.self) { for _ in 0..<20 { try output.append(line) } }
        let small = LineOutput(
            file: try TemporaryFile(in: directory.path), space: DiskSpace { (0, 1 << 40) })
        for _ in 0..<4 { try small.append(line) }
        try small.flush()
    }

    @Test func `so many reports at once, and a place is free when its file is gone`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
        }
        let reports = Reports(
            store: world.server.store, temporaryDirectory: world.server.directory.temporaryPath,
            space: world.server.space,
            labels: StoredLabels(
                DatasetFiles(directory: world.server.directory.datasetsPath)))
        var files: [TemporaryFile] = []
        for _ in 0..<Limits.reportsAtOnceMax { files.append(try await reports.history("study")) }
        await #expect(throws: APIError.self) { try await reports.manifest("study") }
        #expect(files.removeLast().count > 0)
        _ = try await reports.manifest("study")
    }

    @Test func `what uploads under way may take is counted`() throws {
        let space = DiskSpace(path: "/")
        #expect(!space.reserve(.max))
        #expect(space.reserve(0))
        #expect(!space.reserve(.max))
    }
}

extension Duration {
    fileprivate static func hours(_ count: Int) -> Duration { .seconds(3_600 * count) }
}
