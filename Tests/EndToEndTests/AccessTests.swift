import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Nobody in who does not belong, and everybody in who does, without more words than needed.
    @Suite struct AccessTests {
        private static let yaml = """
            name: small
            experiment: k_path
            base:
              dataset: embedded-digits
              train_examples: 60
              test_examples: 30
              domains: 3
              gate: {family: plus_mod, k: 1}
              hidden_width: 4
              batch_size: 8
              epochs: 3
              optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
            axes:
              seeds.weights: [1, 2]
            """

        /// A file that its owner alone can read.
        private static func keep(_ text: String, _ name: String, in deployment: Deployment) throws {
            try deployment.write(text, to: name)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: deployment.folder.path + "/" + name)
        }

        @Test func `one line lets a host in, by the certificate's pin and by nothing else`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator("--tls")
                #expect(deployment.address.hasPrefix("https://127.0.0.1:"))
                let line = try await deployment.output(
                    of: "join-string", "--worker", "--data-dir", "data")
                try Self.keep(line, "join", in: deployment)
                let worker = try deployment.startWorker("--join-file", "join")
                try deployment.write(Self.yaml, to: "small.yaml")
                // A command on the same host needs no word.
                _ = try await deployment.output(of: "submit", "small.yaml", "--watch")
                #expect(try await deployment.status(of: "small").count(.succeeded) == 2)

                let join = try Join(parsing: line)
                let other = Join.pin(publicKey: Data("another key".utf8))
                for (pin, sentence) in [
                    (join.pin, nil), (other, "is not the one that the join string tells of"),
                    (nil, "is not signed by an authority"),
                ] {
                    #expect(
                        try Self.refusal(join.address, pin: pin)?.contains(sentence ?? "")
                            == sentence.map { _ in true })
                }
                // A worker's token does not open what is for people.
                let status = try await deployment.command("status", "--join-file", "join")
                #expect(status.exit == .code(1))
                #expect(status.errors == "Error: A token of the role 'worker' may not do this.\n")

                let secrets = try Self.secrets(of: deployment)
                worker.kill()
                deployment.coordinator?.send(SIGTERM)
                try await deployment.coordinator?.exit()
                try Self.expectNowhere(secrets, in: deployment)
            }
        }

        /// Why nothing is sent to a coordinator that proves itself so; nil: something is.
        private static func refusal(_ address: String, pin: String?) throws -> String? {
            let connection = try HTTPConnection(base: address, pin: pin)
            do throws(TransportError) {
                _ = try connection.send(HTTPRequest(.get, "/healthz"))
                return nil
            } catch {
                return error.description
            }
        }

        /// The tokens themselves, of the two that every coordinator has.
        private static func secrets(of deployment: Deployment) throws -> [String] {
            try [Role.admin, .worker].map { try deployment.join($0).token?.text ?? "" }
        }

        /// Not in what was logged or stored, and what is stored is its owner's alone.
        private static func expectNowhere(_ secrets: [String], in deployment: Deployment) throws {
            let files = try #require(
                FileManager.default.enumerator(atPath: deployment.folder.path))
            var count = 0
            for case let name as String in files {
                let path = deployment.folder.path + "/" + name
                // The command that prints one, and the files that are for it.
                if name.contains("join") { continue }
                guard let data = FileManager.default.contents(atPath: path) else { continue }
                count += 1
                for secret in secrets {
                    #expect(data.range(of: Data(secret.suffix(72).utf8)) == nil, "\(name)")
                }
                if name.hasPrefix("data/") {
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    let mode = try #require(attributes[.posixPermissions] as? Int)
                    #expect(mode & 0o077 == 0, "\(name)")
                }
            }
            #expect(count > 5 && secrets.allSatisfy { $0.count > 72 })
        }

        /// Where others can reach it, what passes is encrypted unless somebody wants it otherwise.
        @Test(arguments: [([], "https"), (["--insecure"], "http")])
        func `who listens for others encrypts, unless told not to`(
            options: [String], scheme: String
        ) async throws {
            try await Deployment.run { deployment in
                (deployment.options.host, deployment.options.arguments) = ("0.0.0.0", options)
                try await deployment.startCoordinator()
                #expect(deployment.address.hasPrefix("\(scheme)://127.0.0.1:"))
                let join = try deployment.join(.admin)
                #expect((join.pin != nil) == (scheme == "https"))
                #expect(try Self.refusal(join.address, pin: join.pin) == nil)
                let other = join.address.replacing(
                    "\(scheme)://", with: scheme == "https" ? "http://" : "https://")
                #expect(try Self.refusal(other, pin: nil) != nil)
            }
        }

        @Test func `a token is replaced while a worker uses it, and nothing is lost`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let create = { (label: String) in
                    try await deployment.output(
                        of: "token", "create", "worker", "--label", label)
                }
                try await Self.keep(create("old"), "join", in: deployment)
                let worker = try deployment.startWorker("--join-file", "join")
                try await TinySweep.submit(to: deployment, holdingInMidTask: worker)
                try await Self.keep(create("new"), "join", in: deployment)
                let json = try await deployment.output(of: "token", "list", "--json")
                let list = try WireCoding.decode(TokenList.self, from: Data(json.utf8))
                #expect(list.tokens.count == 4)
                let old = try #require(list.tokens.first { $0.label == "old" })
                let said = try await deployment.output(of: "token", "revoke", old.id)
                #expect(said == "The worker token \(old.id) is valid no more.\n")
                worker.send(SIGCONT)
                _ = try await TinySweep.finish(on: deployment)
                let report = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                #expect(Set(Table(report).column("attempts")) == ["1"])
                #expect(worker.errors.contains("the token is not accepted"))
            }
        }

        @Test func `the last admin token cannot be revoked, and a stranger's opens nothing`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let json = try await deployment.output(of: "token", "list", "--json")
                let list = try WireCoding.decode(TokenList.self, from: Data(json.utf8))
                let admin = try #require(list.tokens.first { $0.role == .admin })
                let refused = try await deployment.command("token", "revoke", admin.id)
                #expect(
                    refused.errors
                        == "Error: This is the last admin token that does not expire: "
                        + "create another one first.\n")
                let stranger = AccessToken(role: .admin) { 1 }
                try Self.keep("\(deployment.address),\(stranger.text)", "join", in: deployment)
                let status = try await deployment.command("status", "--join-file", "join")
                #expect(status.errors == "Error: The token is not valid, or was revoked.\n")
            }
        }

        @Test func `a token made for a time ends by itself, and says so`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let wrong = try await deployment.command(
                    "token", "create", "read", "--valid-for", "never")
                #expect(wrong.exit == .code(64) && wrong.errors.contains("found 'never', wanted"))
                let guest = try await deployment.output(
                    of: "token", "create", "read", "--label", "guest", "--valid-for", "1d")
                try Self.keep(guest, "guest", in: deployment)
                _ = try await deployment.output(of: "status", "--join-file", "guest")
                let brief = try await deployment.output(
                    of: "token", "create", "read", "--label", "brief", "--valid-for", "1s")
                try Self.keep(brief, "brief", in: deployment)
                try await eventually("it has expired") {
                    let status = try await deployment.command("status", "--join-file", "brief")
                    return status.errors.hasPrefix("Error: The token expired at 2")
                }
                let list = try await deployment.output(of: "token", "list")
                #expect(list.contains("guest") && !list.contains("brief"))
            }
        }

        /// Members that it does not know it passes over: its token would be valid for good.
        @Test func `a coordinator that makes no tokens for a time is found out`() async throws {
            let token = AccessToken(role: .admin) { 1 }
            let status = #"{"created_at":0,"id":"0123456789ab","label":"","role":"read"}"#
            let server = try ScriptedServer([.answer(status: 200, body: status)])
            defer { server.stop() }
            try await Deployment.run { deployment in
                try Self.keep("\(server.address),\(token.text)", "join", in: deployment)
                let create = try await deployment.command(
                    "token", "create", "read", "--valid-for", "1d", "--join-file", "join")
                #expect(create.exit == .code(1) && create.output.isEmpty)
                #expect(create.errors.contains("makes no tokens for a time"), "\(create.errors)")
                #expect(
                    server.received.map(\.line)
                        == ["POST /v1/tokens", "POST /v1/tokens/0123456789ab/revoke"])
            }
        }

        @Test func `a data directory that is a symbolic link is refused in a sentence`()
            async throws
        {
            try await Deployment.run { deployment in
                try FileManager.default.createSymbolicLink(
                    atPath: deployment.folder.path + "/data", withDestinationPath: "/tmp")
                let serve = try await deployment.command(
                    "serve", "--data-dir", "data", "--listen", "127.0.0.1:0")
                #expect(serve.exit == .code(1))
                #expect(
                    serve.errors
                        == "Error: 'data' cannot be used: it is a symbolic link; name the folder "
                        + "that it leads to.\n")
            }
        }

        /// A slow head, a slow body, a slow reader, a wait for tasks and an idle connection, all at
        /// the same time.
        @Test func `SIGTERM ends the coordinator within ten seconds, whatever its clients do`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                // Makes the data set that the slow reader asks for.
                try deployment.write(Self.yaml, to: "small.yaml")
                _ = try await deployment.output(of: "submit", "small.yaml")
                _ = try await deployment.output(of: "cancel", "small")
                let files = try FileManager.default.contentsOfDirectory(
                    atPath: deployment.folder.path + "/data/datasets")
                let digest = try #require(files.first).components(separatedBy: ".")[0]
                let secret = try #require(try Self.secrets(of: deployment).first)
                let port = try #require(Int(deployment.address.components(separatedBy: ":")[2]))
                let head = """
                    HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(secret)\r\n\
                    Request-Id: x\r\n
                    """
                let wait =
                    #"{"worker":"w","host":"h","slots":1,"wait_seconds":60,"#
                    + SelfTestReport.right.member + "}"
                let clients = try [
                    "GET /v1/sweeps HTTP/1.1\r\nHost: loc",
                    "POST /v1/sweeps \(head)Content-Length: 1000\r\n\r\n{",
                    "PUT /v1/datasets/x \(head)Content-Length: 1000000\r\n\r\nx",
                    "GET /v1/datasets/\(digest) \(head)\r\n",
                    "POST /v1/leases \(head)Content-Length: \(wait.utf8.count)\r\n\r\n\(wait)",
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                ].map { text in
                    let connection = try RawConnection(port: port)
                    connection.send(text)
                    return connection
                }
                // The last of them is served: so the others have been heard.
                let answer = clients[5].receive(within: .stuck) { $0.contains("\r\n\r\nok") }
                #expect(answer.text.contains("200 OK"))
                let start = ContinuousClock.now
                let coordinator = try #require(deployment.coordinator)
                coordinator.send(SIGTERM)
                #expect(try await coordinator.exit() == .code(0))
                // Ten seconds by its own clock. These clients would hold it for sixty at least, and
                // a busy machine needs some of its own.
                #expect(try #require(coordinator.ended) - start < .seconds(45))
                withExtendedLifetime(clients) {}
            }
        }

        @Test func `a training that diverges is a result of its own`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let wild = Self.yaml.replacingOccurrences(of: "0.02", with: "1.0e+20")
                try deployment.write(wild, to: "small.yaml")
                _ = try deployment.startWorker()
                _ = try await deployment.output(of: "submit", "small.yaml", "--watch")
                let report = Table(try await deployment.output(of: "report", "small"))
                #expect(report.column("state") == ["diverged", "diverged"])
                #expect(report.column("train_loss_trained_paths") == ["NaN", "NaN"])
                #expect(report.column("accuracy_untrained_paths") == ["NaN", "NaN"])
                #expect(report.column("error") == ["", ""])
                let history = try await deployment.output(of: "report", "small", "--history")
                #expect(history.contains(",NaN\r\n"))
            }
        }
    }
}
