import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat

extension API {
    /// Appends the records of a request: all of them, on stable storage before the answer, or none.
    ///
    /// With a producer's fields, a request that was stored before is answered as it was then.
    func produce(_ topic: TopicName, _ context: RequestContext, _ principal: Principal) async throws -> APIReply {
        if try context.query.bool("stream") == true { return try produceStream(topic, context, principal) }
        if context.query["timeout"] != nil { throw Problem.invalidRequest("timeout= goes with stream=true") }
        try requireReady()
        let producer = try ProducerFields.read(context.request.headers, of: principal)
        let format = try ProduceFormat(context)
        let outline = try engine.outline(of: topic)
        let count = outline.partitionCount
        let partition = try partitionDefault(context.query, topic, count: count)
        let condition = try AppendCondition(context.query, partition)
        var intake = intake(
            for: outline,
            sticky: producer?.sticky(count: count) ?? randomPartition(of: outline),
            trace: TraceContext.headers(of: context.request.headers),
            keepsPlaces: !format.answersSummary
        )
        try read(context, format, partition, into: &intake)
        let appends = try condition.map { (condition) throws(Problem) in try condition.put(on: intake.finish()) }
        let receipts = try await engine.append(appends ?? intake.finish(), producer: producer)
        return ProduceText.reply(intake, receipts, asSummary: format.answersSummary, producer)
    }

    /// An empty intake of records for a topic as it is now.
    func intake(
        for topic: TopicOutline,
        sticky: PartitionIndex,
        trace: HeaderList?,
        keepsPlaces: Bool = false
    ) -> RecordIntake {
        RecordIntake(
            topic: topic.name,
            codec: codec(for: topic),
            partitionCount: topic.partitionCount,
            sticky: sticky,
            now: engine.appendTime(),
            limits: engine.limits,
            recordsMax: configuration.recordsPerRequestMax,
            keepsPlaces: keepsPlaces,
            needsKeys: topic.settings.cleanup == .compact,
            trace: trace
        )
    }

    /// Where records without a key and a partition go, when nobody says otherwise.
    func randomPartition(of topic: TopicOutline) -> PartitionIndex {
        PartitionIndex(Int32(configuration.random() % UInt64(topic.partitionCount)))
    }

    private func read(
        _ context: RequestContext,
        _ format: ProduceFormat,
        _ partition: PartitionIndex?,
        into intake: inout RecordIntake
    ) throws(Problem) {
        var body = try BodyEncoding.decode(
            context.request.body,
            context.request.headers[.contentEncoding],
            bytesMax: engine.limits.requestBodyBytesMax
        )
        let depthMax = engine.limits.jsonDepthMax
        switch format {
        case .json:
            var reader = RecordReader(partitionDefault: partition)
            try JSONRecordsBody.read(&body, depthMax: depthMax, with: &reader, into: &intake)
        case .ndjson(let lines):
            try NDJSONRecordsBody.read(
                &body,
                lines,
                depthMax: depthMax,
                partitionDefault: partition,
                into: &intake
            )
        case .cloudEvents(let shape):
            try CloudEventsBody.read(&body, shape, depthMax: depthMax, partition: partition, into: &intake)
        case .cloudEventFields:
            let fields = context.request.headers
            try CloudEventFields.read(fields, &body, depthMax: depthMax, partition: partition, into: &intake)
        case .raw:
            try readRaw(body, key: try ProduceFormat.recordKey(context.request.headers), partition, into: &intake)
        }
    }

    private func readRaw(
        _ body: ByteBuffer,
        key: String?,
        _ partition: PartitionIndex?,
        into intake: inout RecordIntake
    ) throws(Problem) {
        var parts = RecordParts(kind: .bytes, timestamp: intake.now)
        parts.partition = partition
        let key = key.map { ByteBuffer(string: $0) }
        try body.withUnsafeReadableBytes { (value) throws(Problem) in
            parts.value = value
            guard let key else { return try intake.append(parts, headers: .none, place: .body) }
            try key.withUnsafeReadableBytes { (key) throws(Problem) in
                parts.key = key
                try intake.append(parts, headers: .none, place: .body)
            }
        }
    }

    /// How the topic wants its records stored.
    private func codec(for topic: TopicOutline) -> Codec {
        switch topic.settings.compression {
        case .none: .none
        case .gzip: .gzip
        }
    }

    /// The partition of the query.
    func partitionDefault(
        _ query: QueryParameters,
        _ topic: TopicName,
        count: Int32
    ) throws(Problem) -> PartitionIndex? {
        guard let number = try query.integer("partition", in: 0...Int64(Int32.max)) else { return nil }
        let partition = PartitionIndex(Int32(number))
        guard partition.value < count else { throw .partitionNotFound(TopicPartition(topic, partition), count: count) }
        return partition
    }
}

extension ProduceFormat {
    /// Whether the answer tells partitions rather than records: a stream of lines may have very many.
    var answersSummary: Bool {
        if case .ndjson = self { true } else { false }
    }
}
