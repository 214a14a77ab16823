import BrokerCore
import HTTPTypes
import JSONBytes
import RecordFormat

extension API {
    /// Lists a namespace's topics.
    func listTopics(_ namespace: Namespace) -> APIReply {
        .json { json in
            json.key("topics")
            json.beginArray()
            for topic in engine.topics(in: namespace) {
                json.beginObject()
                TopicText.writeSummary(topic, to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// Describes a topic.
    func describeTopic(_ name: TopicName) throws -> APIReply {
        TopicText.reply(.ok, try engine.topic(name))
    }

    /// Lists a topic's partitions.
    func describePartitions(_ name: TopicName) throws -> APIReply {
        let topic = try engine.topic(name)
        return .json { json in
            json.key("topic")
            json.string(topic.name.name)
            json.key("partitions")
            TopicText.writePartitions(topic, to: &json)
        }
    }

    /// Creates a topic, or says that it is there.
    func createTopic(_ name: TopicName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let settings = try TopicSettings(document: context, partitionsMax: engine.limits.partitionsPerTopicMax)
        switch try await engine.createTopic(name, settings: settings) {
        case .created(let topic): return TopicText.reply(.created, topic)
        case .unchanged(let topic): return TopicText.reply(.ok, topic)
        }
    }

    /// Deletes a topic.
    func deleteTopic(_ name: TopicName) async throws -> APIReply {
        try requireReady()
        try await engine.deleteTopic(name)
        return APIReply(status: .noContent)
    }
}

extension TopicSettings {
    /// Every setting that a topic has.
    private static let names: [StaticString] = ["partitions"]

    /// Reads the settings that a creation asks for; an empty body asks for the defaults.
    init(document context: RequestContext, partitionsMax: Int) throws(Problem) {
        self.init()
        guard context.request.body.readableBytes > 0 else { return }
        partitions = try JSONDocument.read(context.request.body) { (bytes, value) throws(Problem) in
            let fields = try JSONFields(bytes, value, known: Self.names)
            guard let count = try fields.integer(0) else { return nil }
            guard count >= 1, count <= partitionsMax, let partitions = Int32(exactly: count) else {
                throw Problem.invalidRequest("partitions is from 1 to \(partitionsMax), not \(count)")
            }
            return partitions
        }
    }
}
