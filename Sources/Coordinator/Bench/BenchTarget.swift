import NIOCore
import Shared

/// Where a load goes, and what every request of it carries.
struct BenchTarget: Sendable {
    var host: String
    var port: Int
    /// Of a worker.
    var accessToken: String
    /// The coordinator's own, in PEM, where what passes is encrypted.
    var certificate: String?

    func post(
        _ path: String, kind: String, id: String, token: String? = nil, body: String,
        notBefore: NIODeadline? = nil
    ) -> LoadRequest {
        let lease = token.map { "Lease-Token: \($0)\r\n" } ?? ""
        let text = """
            POST \(path) HTTP/1.1\r
            Host: \(host):\(port)\r
            Authorization: Bearer \(accessToken)\r
            Content-Type: application/json\r
            Request-Id: \(id)\r
            \(lease)Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """
        return LoadRequest(kind: kind, bytes: ByteBuffer(string: text), notBefore: notBefore)
    }
}
