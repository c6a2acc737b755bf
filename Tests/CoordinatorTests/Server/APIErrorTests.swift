import Foundation
import GRDB
import HTTPTypes
import HummingbirdCore
import HummingbirdTesting
import Shared
import Testing

@testable import Coordinator

@Suite struct APIErrorTests {
    @Test func `a call that changes something needs a request id, and a plain one`() async throws {
        try await ServerWorld().test { client in
            for (id, sentence) in [
                (nil, "The header Request-Id is missing"), ("", "must be 1 to 128 letters"),
                ("a b", "must be 1 to 128 letters"), ("../x", "must be 1 to 128 letters"),
                (String(repeating: "x", count: 129), "must be 1 to 128 letters"),
            ] {
                for path in [
                    "/v1/sweeps", "/v1/leases", "/v1/sweeps/x/cancel", "/v1/sweeps/x/retry",
                ] {
                    let answer = try await client.post(path, id: id)
                    #expect(answer.status == 400 && answer.code == .badRequest)
                    #expect(answer.message?.error.message.contains(sentence) == true)
                }
            }
        }
    }

    @Test func `what is not there is not found, in the protocol's own words`() async throws {
        try await ServerWorld().test { client in
            for path in ["/", "/v1", "/v2/sweeps", "/v1/sweeps/a/b/c", "/v1/leases"] {
                let answer = try await client.get(path)
                #expect(answer.status == 404 && answer.code == .notFound, "\(path)")
            }
        }
    }

    @Test func `a body that is too long is refused`() async throws {
        try await ServerWorld().test { client in
            let long = String(repeating: " ", count: Limits.requestBodyBytesMax + 1)
            let answer = try await client.post("/v1/sweeps", long)
            #expect(answer.status == 413 && answer.code == .tooLarge)
            #expect(answer.message?.error.message == "The body is longer than 2097152 bytes.")
            // One byte less is read, and found to be no JSON.
            let fitting = try await client.post("/v1/sweeps", String(long.dropLast()))
            #expect(fitting.status == 400)
        }
    }

    @Test(arguments: [
        ResultCode.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_IOERR_FSYNC, .SQLITE_READONLY, .SQLITE_BUSY,
        .SQLITE_CORRUPT,
    ])
    func `a failing disk is something that may pass`(code: ResultCode) throws {
        let error = APIError(DatabaseError(resultCode: code, message: "secret detail"))
        #expect(error.status == .serviceUnavailable)
        #expect(error.message.error.code == .unavailable)
        #expect(!error.message.error.message.contains("secret"))
        #expect(try error.response().headers[.retryAfter] == "1")
    }

    @Test func `what nobody foresaw is told in general terms`() {
        for error in [
            DatabaseError(resultCode: .SQLITE_CONSTRAINT, message: "secret detail") as any Error,
            CocoaError(.fileNoSuchFile),
        ] {
            let answer = APIError(error)
            #expect(answer.status == .internalServerError)
            #expect(answer.message.error.code == .internalError)
            #expect(!answer.message.error.message.contains("secret"))
        }
    }

    /// No acknowledgement without a disk; reading goes on; it recovers by itself.
    @Test func `on a full disk writes get 503, reads their answer, and later all is well`()
        async throws
    {
        let world = try await ServerWorld()
        let setPagesMax = { @Sendable (sql: String) in
            try await world.server.store.pool.writeWithoutTransaction {
                _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(sql)")
            }
        }
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            try await setPagesMax("1")
            let large = ServerWorld.sweep(name: "large", seeds: Array(1...300))
            let refused = try await client.post("/v1/sweeps", large, id: "large")
            #expect(refused.status == 503 && refused.code == .unavailable)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await client.get("/v1/sweeps/study").status == 200)
            #expect(try await client.get("/v1/sweeps/large").status == 404)
            try await setPagesMax("1000000")
            #expect(try await client.post("/v1/sweeps", large, id: "large").status == 201)
            #expect(try await world.server.store.brokenInvariants() == [])
        }
    }
}
