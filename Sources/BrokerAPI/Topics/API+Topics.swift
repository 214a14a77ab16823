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
        switch try await engine.createTopic(name, settings: TopicSettingsChange(document: context)) {
        case .created(let topic): return TopicText.reply(.created, topic)
        case .unchanged(let topic): return TopicText.reply(.ok, topic)
        }
    }

    /// Changes a topic's settings, and adds partitions.
    func changeTopic(_ name: TopicName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        return TopicText.reply(.ok, try await engine.changeTopic(name, TopicSettingsChange(document: context)))
    }

    /// Deletes a topic.
    func deleteTopic(_ name: TopicName) async throws -> APIReply {
        try requireReady()
        try await engine.deleteTopic(name)
        return APIReply(status: .noContent)
    }
}
