import BrokerCore
import HTTPTypes
import RecordFormat

extension API {
    /// Takes lines for as long as they come, and tells of each group of them when it is on stable storage.
    func produceStream(
        _ topic: TopicName,
        _ context: RequestContext,
        _ principal: Principal
    ) throws -> APIReply {
        try requireReady()
        try Negotiation.receipts(context)
        try refuseOfStream(context)
        let lines = try streamedLines(context)
        let timeout = try context.query.milliseconds("timeout")
        let outline = try engine.outline(of: topic)
        let target = LineTarget(
            api: self,
            topic: outline,
            partition: try partitionDefault(context.query, topic, count: outline.partitionCount),
            trace: TraceContext.headers(of: context.request.headers)
        )
        let limits = engine.limits
        let place = try streamPlaces.take(principal)
        let exchange = LineExchange(target, room: context.request.room)
        let timers = StreamTimers(
            limits: limits,
            timeoutMilliseconds: timeout,
            random: configuration.random(),
            now: engine.clock.now
        )
        let reader = LineReader(lines, depthMax: limits.jsonDepthMax, partitionDefault: target.partition)
        return APIReply(
            status: .ok,
            headers: Self.streamHeaders(.ndjson),
            body: .stream(LineStream(exchange, engine: engine, timers: timers, place: place)),
            sink: LineSink(
                exchange,
                StreamedLines(reader, lineGroupBounds, lineBytesMax: limits.streamedLineBytesMax)
            )
        )
    }

    /// How large a group grows: two of the largest fit one append, as one and the largest record do.
    private var lineGroupBounds: LineGroupBounds {
        LineGroupBounds(
            bytesMax: min(engine.limits.streamedGroupBytesMax, ByteCount(engine.appendBytesMax.value / 2)),
            recordsMax: configuration.recordsPerRequestMax
        )
    }

    /// What stands on the lines: NDJSON, also where the client does not say.
    private func streamedLines(_ context: RequestContext) throws(Problem) -> NDJSONRecordsBody.Lines {
        if context.contentType == nil { return try ProduceFormat.lines(context.query) }
        guard case .ndjson(let lines) = try ProduceFormat(context) else {
            throw Problem(.unsupportedMediaType, "a stream is application/x-ndjson: a record, or a value, a line")
        }
        return lines
    }

    /// Refuses what goes with whole requests alone.
    private func refuseOfStream(_ context: RequestContext) throws(Problem) {
        let fields = context.request.headers
        if let field = [HTTPField.Name.producerID, .producerEpoch, .producerSeq].first(where: { fields[$0] != nil }) {
            throw .invalidRequest(
                "\(field.rawName) numbers whole requests, and a stream is none: leave it out, or send the lines in requests "
                    + "without stream=true, which are stored once"
            )
        }
        if context.query["expectedOffset"] != nil {
            throw .invalidRequest("expectedOffset= is about a whole request, and goes without stream=true")
        }
        guard fields[.contentEncoding].map({ $0.lowercased() == "identity" }) ?? true else {
            throw Problem(.unsupportedMediaType, "a stream is sent as it is, without a Content-Encoding")
        }
    }
}
