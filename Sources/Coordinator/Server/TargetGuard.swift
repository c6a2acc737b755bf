import HTTPTypes
import NIOCore
import NIOHTTP1

/// Marks requests whose target names another host than their header `Host`: a cache in between may
/// go by the one, and the coordinator by the other. The codec behind it takes the host out of the
/// target, so that nobody later could tell.
final class TargetGuard: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// A header that a client cannot set or leave out.
    static let mark = "Foreign-Target"

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            return context.fireChannelRead(data)
        }
        head.headers.remove(name: Self.mark)
        if !Self.isOwn(target: head.uri, host: head.headers["Host"].first ?? "") {
            head.headers.add(name: Self.mark, value: "1")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// A path, or a whole address of the host that the header names.
    static func isOwn(target: String, host: String) -> Bool {
        if target.hasPrefix("/") || target == "*" { return true }
        let lower = target.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
            return false
        }
        let authority = lower.dropFirst(scheme.count).prefix {
            $0 != "/" && $0 != "?" && $0 != "#"
        }
        return authority == host.lowercased()
    }
}
