import Foundation
import Shared
import TestSupport

/// Makes requests to a coordinator: right ones, each with nothing, something or much changed. The
/// same seed makes the same sequence, as long as the answers are the same.
struct RequestMutator {
    struct Made {
        var bytes: [UInt8]
        /// More was announced than is sent: the sender closes its side.
        var isCut = false
    }

    private struct Draft {
        var method = "POST"
        var path: String
        var headers: [(String, String)] = []
        var body: [UInt8] = []
    }

    private let random: TestRandom
    private let token: String
    private var count = 0
    private var leases: [(id: String, token: String)] = []

    init(seed: UInt64, token: String) {
        random = TestRandom(seed: seed)
        self.token = token
    }

    /// Takes the leases out of an answer, so that later requests can speak for them.
    mutating func learn(from body: [UInt8]) {
        guard let answer = try? WireCoding.decode(LeaseResponse.self, from: Data(body)) else {
            return
        }
        leases += answer.leases.map { ($0.id.rawValue, $0.token.rawValue) }
        leases = leases.suffix(20)
    }

    mutating func next() -> Made {
        count += 1
        var draft = right()
        if random.chance(0.6) { changeBody(&draft) }
        if random.chance(0.2) { changeHeaders(&draft) }
        if random.chance(0.15) { changePath(&draft) }
        if random.chance(0.05) {
            draft.method = pick([
                "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "G T", "", "TRACE",
            ])
        }
        return wire(draft)
    }

    private func pick<Value>(_ values: [Value]) -> Value { values[random.below(values.count)] }

    // MARK: - Right requests

    private func right() -> Draft {
        var draft = pick([
            sweep, sweep, leaseCall, leaseCall, leaseCall, onLease, onLease, onLease, onLease,
            checkpoint, reading, reading, dataset, administration,
        ])()
        draft.headers.append(("Authorization", "Bearer \(token)"))
        if draft.method != "GET" { draft.headers.append(("Request-Id", "r-\(count)")) }
        return draft
    }

    private func sweep() -> Draft {
        let name = "s\(random.below(3))"
        let body = pick([kPath, routing, network])(name)
        return Draft(path: "/v1/sweeps", body: Array(body.utf8))
    }

    private func kPath(_ name: String) -> String {
        """
        {"name":"\(name)","experiment":"k_path","checkpoint":{"every_epochs":1},
        "base":{"dataset":"\(EmbeddedDataset.name)",
        "domains":2,"hidden_width":4,"batch_size":1,"epochs":2,
        "gate":{"family":"plus_mod","k":1},
        "optimizer":{"name":"sgd","learning_rate":0.1,"momentum":0.9}},
        "axes":[{"seeds.weights":[1,2,3]}],"attempts":3}
        """
    }

    private func routing(_ name: String) -> String {
        """
        {"name":"\(name)","experiment":"routing","base":{"domains":3,"hidden_width":4,"epochs":2,
        "data":{"kind":"tree","depth":1,"branching":2,"strengths":[2,1]},"init":{"gain":1},
        "method":{"name":"gradient_flow","learning_rate":0.1}},
        "axes":[{"gate":[{"family":"all","rows_open":1}]},{"init.gain":{"log_uniform":[0.1,1]}}],
        "search":{"method":"random","tasks":3,"seed":7}}
        """
    }

    private func network(_ name: String) -> String {
        """
        {"name":"\(name)","experiment":"gated_network","base":{"hidden_width":2,"epochs":2,
        "init":{"gain":1},"method":{"name":"gradient_descent","learning_rate":0.1},
        "network":{"kind":"graph",
        "nodes":[{"name":"x","width":2},{"name":"h"},{"name":"y","width":1}],
        "edges":[{"from":"x","to":"h"},{"from":"h","to":"y"}],
        "contexts":[{"inputs":{"x":[[1,1],[1,-1]]},"targets":{"y":[[1],[-1]]}}]}}}
        """
    }

    private func leaseCall() -> Draft {
        Draft(
            path: "/v1/leases",
            body: Array(
                (#"{"host":"h",\#(SelfTestReport.right.member),"slots":2,"#
                    + #""wait_seconds":0,"worker":"w"}"#).utf8))
    }

    private func onLease() -> Draft {
        let lease = leases.isEmpty ? ("1-1-0", "0") : pick(leases)
        let rows = """
            [{"epoch":1,"split":"train","values":{"a":0.5}},{"epoch":2,"split":"test","values":{}}]
            """
        let (verb, body) = pick([
            ("metrics", "{\"epochs_completed\":2,\"first_sequence\":0,\"rows\":\(rows)}"),
            ("metrics", #"{"epochs_completed":1,"first_sequence":0,"rows":[]}"#),
            (
                "complete",
                "{\"epochs_completed\":2,\"row_count\":2,\"rows\":\(rows),\"trajectory_sha256\":"
                    + "\"\(Digest(of: [1]))\"}"
            ),
            ("fail", #"{"error":"e","permanent":false}"#), ("hand_back", #"{"reason":"r"}"#),
            ("killed", #"{"beside":1,"reason":"r"}"#),
        ])
        return Draft(
            path: "/v1/leases/\(lease.0)/\(verb)", headers: [("Lease-Token", lease.1)],
            body: Array(body.utf8))
    }

    private func checkpoint() -> Draft {
        let lease = leases.isEmpty ? ("1-1-0", "0") : pick(leases)
        let path = "/v1/leases/\(lease.0)/checkpoint"
        let token = ("Lease-Token", lease.1)
        guard random.chance(0.7) else {
            return Draft(method: "GET", path: path, headers: [token])
        }
        let bytes = Array(repeating: UInt8(random.below(256)), count: random.below(2_000))
        let epochs = random.chance(0.9) ? "\(random.below(4))" : pick(["", "-1", "x", "9e99"])
        return Draft(
            method: "PUT", path: path,
            headers: [
                token, ("Checkpoint-Digest", Digest(of: bytes).hexadecimal),
                ("Checkpoint-Epochs", epochs),
            ], body: bytes)
    }

    private func administration() -> Draft {
        let role = pick(["worker", "read", "submit"])
        let digest = Digest(of: [UInt8(random.below(4))])
        let time = pick(["", #","valid_for_seconds":1"#, #","valid_for_seconds":-1"#])
        return pick([
            Draft(
                path: "/v1/tokens",
                body: Array(
                    #"{"token_sha256":"\#(digest)","label":"l","role":"\#(role)"\#(time)}"#.utf8)),
            Draft(path: "/v1/tokens/t\(random.below(4))/revoke", body: Array("{}".utf8)),
            Draft(path: "/v1/hosts/\(pick(["h", "other"]))/let_back", body: Array("{}".utf8)),
        ])
    }

    private func reading() -> Draft {
        let path = pick([
            "/healthz", "/v1/sweeps", "/v1/sweeps/s0", "/v1/sweeps/s0/report.csv?runtime=1",
            "/v1/sweeps/s1/history.csv", "/v1/sweeps/s2/manifest.json", "/v1/workers",
            "/v1/datasets", "/v1/tokens", "/v1/datasets/\(Digest(of: [1]))",
        ])
        return Draft(method: "GET", path: path)
    }

    private func dataset() -> Draft {
        let split = Dataset.Split(inputs: .features([1, 2, 3, 4], count: 2), labels: [0, 1])
        let file = (try? Dataset(train: split, test: split).serialized()) ?? Data()
        return pick([
            Draft(method: "PUT", path: "/v1/datasets/d\(random.below(3))", body: Array(file)),
            Draft(path: "/v1/sweeps/s\(random.below(3))/cancel", body: Array("{}".utf8)),
            Draft(path: "/v1/sweeps/s\(random.below(3))/retry", body: Array("{}".utf8)),
        ])
    }

    // MARK: - Changes

    private func changeBody(_ draft: inout Draft) {
        if random.chance(0.6), let json = try? JSONValue(parsing: Data(draft.body)),
            let text = try? changed(json).canonicalData()
        {
            draft.body = Array(text)
        }
        for _ in 0..<pick([0, 0, 1, 1, 3, 20]) where !draft.body.isEmpty {
            let place = random.below(draft.body.count)
            switch random.below(4) {
            case 0: draft.body[place] = UInt8(random.below(256))
            case 1: draft.body.remove(at: place)
            case 2: draft.body.insert(UInt8(random.below(256)), at: place)
            default: draft.body.removeSubrange(place...)
            }
        }
    }

    /// One value somewhere becomes another.
    private func changed(_ json: JSONValue) -> JSONValue {
        switch json {
        case .object(var members) where !members.isEmpty && random.chance(0.8):
            let key = pick(members.keys.sorted())
            if random.chance(0.1) {
                members["\(key)\(pick(["x", "\u{0}", "é", "\u{202e}"]))"] = members[key]
            }
            if random.chance(0.1) {
                members[key] = nil
            } else {
                members[key] = members[key].map(changed)
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty && random.chance(0.8):
            let place = random.below(elements.count)
            elements[place] = changed(elements[place])
            if random.chance(0.1) { elements += elements }
            return .array(elements)
        default: return stranger()
        }
    }

    private func stranger() -> JSONValue {
        pick([
            .null, .bool(true), .integer(-1), .integer(0), .integer(.max), .integer(.min),
            .integer(1 << 31), .number(1e308), .number(-0.0), .number(0.5),
            .number(.leastNonzeroMagnitude),
            .string(""), .string("NaN"), .string(String(repeating: "a", count: 5_000)),
            .string("\u{0}\u{1b}[2J\r\n"), .string("../../etc"), .array([]), .object([:]),
            .array(Array(repeating: .integer(1), count: 2_000)), .object(["": .null]),
        ])
    }

    private func changeHeaders(_ draft: inout Draft) {
        let strange = pick([
            ("Request-Id", ""), ("Request-Id", "a/b"), ("Request-Id", "r-1"),
            ("Request-Id", String(repeating: "x", count: 200)), ("Lease-Token", "\u{1}"),
            ("Lease-Token", String(repeating: "0", count: 32)), ("Content-Encoding", "gzip"),
            ("Transfer-Encoding", "chunked"), ("Content-Length", "-1"), ("Expect", "100-continue"),
            ("Content-Length", "99999999999999999999"), ("Host", ""), ("Connection", "close"),
            ("X", String(repeating: "y", count: 10_000)), ("Content-Type", "text/yaml"),
            ("Upgrade", "h2c"), ("Range", "bytes=5-1"), ("Authorization", "Bearer"),
            ("Authorization", "Bearer \(token.dropLast())"), ("Authorization", "\u{1}"),
        ])
        switch random.below(3) {
        case 0: draft.headers.append(strange)
        case 1: draft.headers = [strange]
        default: draft.headers = draft.headers.filter { _ in random.chance(0.5) }
        }
    }

    private func changePath(_ draft: inout Draft) {
        let part = pick([
            "/", "//", "/..", "/%2e%2e/", "%00", "%", "%zz", "?runtime=", "?a=b&a=c", "#x", "/é",
            String(repeating: "a", count: 3_000), " ", "\u{7f}", "/leases/1-1-1/complete", ":",
        ])
        var bytes = Array(draft.path)
        let place = random.below(bytes.count + 1)
        bytes.insert(contentsOf: part, at: place)
        draft.path = String(bytes)
    }

    private func wire(_ draft: Draft) -> Made {
        var length = draft.body.count
        let isCut = random.chance(0.02)
        if isCut { length += 1 + random.below(1_000) }
        var head = "\(draft.method) \(draft.path) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in draft.headers { head += "\(name): \(value)\r\n" }
        if draft.method != "GET" || !draft.body.isEmpty { head += "Content-Length: \(length)\r\n" }
        return Made(bytes: Array((head + "\r\n").utf8) + draft.body, isCut: isCut)
    }
}
