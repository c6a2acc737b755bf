import ArgumentParser
import Foundation
import Shared

/// Who may call a coordinator.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Create, list and revoke tokens.",
        discussion: """
            Any number of tokens are valid side by side. To replace one: create another, hand it \
            to those who use the old one, and revoke that. One with --valid-for ends by itself.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token and print its join string, once.",
            discussion: """
                Example: gdln-coordinator token create worker --label cluster >join-worker

                read: look at sweeps and reports. submit: also submit and steer them, and add \
                data. worker: train, nothing else. admin: everything.
                """)

        @Argument(
            help: "read, submit, worker or admin.",
            transform: { text in
                guard let role = Role(rawValue: text) else {
                    throw ValidationError("found '\(text)', wanted read, submit, worker or admin")
                }
                return role
            })
        var role: Role

        @Option(help: "Whose it is, for people.")
        var label = ""

        @Option(
            help: ArgumentHelp(
                "For how long it is valid; else until it is revoked.", valueName: "90d"),
            transform: Duration.init(typed:))
        var validFor: Duration?

        @OptionGroup var connection: ClientOptions

        func validate() throws {
            guard let validFor else { return }
            guard (1...Limits.tokenSecondsMax).contains(validFor.components.seconds) else {
                throw ValidationError("--valid-for must be from 1s to ten years.")
            }
        }

        func run() async throws {
            try StandardOutput.requireOpen()
            let client = try connection.client()
            let token = AccessToken(role: role) { UInt64.random(in: .min ... .max) }
            let status = try client.createToken(
                TokenRequest(
                    role: role, label: label, digest: token.digest,
                    validForSeconds: validFor?.components.seconds))
            if validFor != nil, status.expiresAt == nil {
                _ = try client.revokeToken(status.id)
                throw CommandFailure(
                    "This coordinator is older than this command and makes no tokens for a time; "
                        + "nothing was left valid.")
            }
            try StandardOutput.print(
                Join(address: client.join.address, token: token, pin: client.join.pin).text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tokens that are valid.",
            discussion: "Example: gdln-coordinator token list")

        @Flag(help: "JSON for programs.")
        var json = false

        @OptionGroup var connection: ClientOptions

        func run() async throws {
            let tokens = try connection.client().tokens()
            if json { return try printJSON(TokenList(tokens: tokens)) }
            var table = TextTable(["token", "role", "created", "expires", "label"])
            for token in tokens {
                table.add([
                    token.id, token.role.rawValue, token.createdAt.iso8601,
                    token.expiresAt?.iso8601 ?? "never", token.label,
                ])
            }
            try StandardOutput.print(table.text)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept a token no more, from now on.",
            discussion: "Example: gdln-coordinator token revoke 0123456789ab")

        @Argument(help: "The token's id, as `token list` shows it.")
        var token: String

        @OptionGroup var connection: ClientOptions

        func run() async throws {
            try StandardOutput.requireOpen()
            let revoked = try connection.client().revokeToken(token)
            try StandardOutput.print(
                "The \(revoked.role.rawValue) token \(revoked.id) is valid no more.")
        }
    }
}
