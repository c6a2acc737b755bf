import HTTPTypes
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Shared

/// Closes a connection whose time is up. It watches what passes between the HTTP codec and
/// Hummingbird, which has no bounds of its own but for idle connections, and asks
/// `ConnectionDeadlines` again and again.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bounds: ConnectionDeadlines.Bounds
    private var deadlines: ConnectionDeadlines
    private var nextLook: Scheduled<Void>?
    private var watches: [DepartureWatch] = []
    private var clientHasLeft = false

    init(_ bounds: ConnectionDeadlines.Bounds) {
        self.bounds = bounds
        deadlines = ConnectionDeadlines(bounds, now: .now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        lookLater(context)
        let pipeline = context.pipeline.syncOperations
        guard let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) else { return }
        // It cannot fail: the codec is there.
        try? pipeline.addHandler(TargetGuard(), position: .before(codec))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        nextLook?.cancel()
        nextLook = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        nextLook?.cancel()
        nextLook = nil
        clientLeft()
        context.fireChannelInactive()
    }

    /// On the connection's event loop.
    func add(_ watch: DepartureWatch) {
        watches.removeAll(where: \.hasEnded)
        if clientHasLeft { watch.clientLeft() } else { watches.append(watch) }
    }

    private func clientLeft() {
        clientHasLeft = true
        for watch in watches { watch.clientLeft() }
        watches = []
    }

    private func lookLater(_ context: ChannelHandlerContext) {
        let interval = TimeAmount(.seconds(bounds.check))
        nextLook = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { [self] in
            look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        if deadlines.overdue(waiting: waiting ?? 0, now: .now) == nil {
            lookLater(context)
        } else {
            nextLook = nil
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            deadlines.requestBegins(
                isUpload: head.method == .put, closes: Self.closes(head.headerFields), now: .now)
            // Not between the parts of an answer to an earlier request.
            if head.headerFields[.expect]?.lowercased() == "100-continue",
                deadlines.hasOneRequest
            {
                let answer = HTTPTypes.HTTPResponse(status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
            }
        case .body(let bytes): deadlines.requestContinues(bytes: bytes.readableBytes)
        case .end: deadlines.requestEnds(now: .now)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            deadlines.answerBegins(closes: Self.closes(head.headerFields), now: .now)
        case .body(let bytes): deadlines.answerContinues(bytes: bytes.readableBytes)
        case .end: deadlines.answerEnds(now: .now)
        }
        context.write(data, promise: promise)
    }

    private static func closes(_ fields: HTTPFields) -> Bool {
        fields[.connection]?.lowercased() == "close"
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { deadlines.coordinatorStops(now: .now) }
        if case .inputClosed? = event as? ChannelEvent { clientLeft() }
        context.fireUserInboundEventTriggered(event)
    }
}
