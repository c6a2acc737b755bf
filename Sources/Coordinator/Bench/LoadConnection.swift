import NIOCore

/// One request of a load, ready for the wire.
struct LoadRequest {
    /// What its time is counted under: `lease`, `complete`.
    var kind: String
    var bytes: ByteBuffer
    /// Not sent before; nil: at once.
    var notBefore: NIODeadline?
}

/// What a request was answered.
struct LoadReply {
    var status: Int
    var body: ByteBuffer
}

/// What one simulated worker does: asked for its next request after each answer.
protocol LoadScript {
    /// - Parameter reply: nil at first.
    /// - Returns: nil where there is nothing left to do; the connection is then closed.
    mutating func next(after reply: LoadReply?) -> LoadRequest?
}

/// A connection of HTTP/1.1 that plays a script, a request at a time, and takes the times.
///
/// It reads just as much HTTP as a coordinator speaks (a status, `Content-Length`, a body), because
/// it shares the processors with what it measures: each answer costs it a few microseconds.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var script: any LoadScript
    private let results: LoadResults
    private let end: NIODeadline
    private var received = ByteBuffer()
    private var kind = ""
    private var sentAt = NIODeadline.now()

    /// - Parameter end: no request is sent after it.
    init(_ script: any LoadScript, _ results: LoadResults, until end: NIODeadline) {
        self.script = script
        self.results = results
        self.end = end
    }

    func channelActive(context: ChannelHandlerContext) {
        proceed(after: nil, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let reply = takeReply() else { return }
        let now = NIODeadline.now()
        results.add(kind, status: reply.status, nanoseconds: (now - sentAt).nanoseconds)
        received.discardReadBytes()
        proceed(after: reply, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        results.addFailure("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !kind.isEmpty { results.addFailure("the coordinator closed the connection") }
        context.fireChannelInactive()
    }

    private func proceed(after reply: LoadReply?, _ context: ChannelHandlerContext) {
        kind = ""
        guard NIODeadline.now() < end, let request = script.next(after: reply),
            request.notBefore ?? .now() < end
        else {
            context.close(promise: nil)
            return
        }
        guard let notBefore = request.notBefore, notBefore > .now() else {
            return send(request, context)
        }
        let bound = NIOLoopBound((self, context, request), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(deadline: notBefore) {
            let (connection, context, request) = bound.value
            if context.channel.isActive { connection.send(request, context) }
        }
    }

    private func send(_ request: LoadRequest, _ context: ChannelHandlerContext) {
        kind = request.kind
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(request.bytes), promise: nil)
    }

    /// The whole answer, where it is there.
    private func takeReply() -> LoadReply? {
        let view = received.readableBytesView
        guard let end = view.firstIndex(ofSequence: Self.blankLine) else { return nil }
        let head = view[view.startIndex..<end]
        guard let status = Self.number(in: head, after: Self.protocolVersion) else { return nil }
        let length = Self.number(in: head, after: Self.contentLength) ?? 0
        let bodyStart = end + Self.blankLine.count - view.startIndex
        guard received.readableBytes >= bodyStart + length else { return nil }
        received.moveReaderIndex(forwardBy: bodyStart)
        return received.readSlice(length: length).map { LoadReply(status: status, body: $0) }
    }

    private static let blankLine = Array("\r\n\r\n".utf8)
    private static let protocolVersion = Array("HTTP/1.1 ".utf8)
    /// As the coordinator writes it.
    private static let contentLength = Array("Content-Length: ".utf8)

    private static func number(in head: ByteBufferView, after name: [UInt8]) -> Int? {
        guard let start = head.firstIndex(ofSequence: name) else { return nil }
        let digits = head[(start + name.count)...].prefix { (48...57).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension ByteBufferView {
    /// Where `wanted` first stands.
    func firstIndex(ofSequence wanted: [UInt8]) -> Int? {
        withUnsafeBytes { bytes in
            guard let first = wanted.first, bytes.count >= wanted.count else { return nil }
            var index = 0
            while index <= bytes.count - wanted.count {
                if bytes[index] == first,
                    (1..<wanted.count).allSatisfy({ bytes[index + $0] == wanted[$0] })
                {
                    return startIndex + index
                }
                index += 1
            }
            return nil
        }
    }
}
