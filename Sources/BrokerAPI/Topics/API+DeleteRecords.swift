import BrokerCore
import JSONBytes
import RecordFormat

extension API {
    /// Deletes the records of a partition below an offset.
    func deleteRecords(
        _ topic: TopicName,
        _ partition: PartitionIndex,
        _ context: RequestContext
    ) async throws -> APIReply {
        try requireReady()
        guard let before = try context.query.integer("before", in: 0...Int64.max) else {
            throw Problem.invalidRequest("before= is missing: the first offset that stays")
        }
        let target = TopicPartition(topic, partition)
        let logStart = try await engine.deleteRecords(of: target, before: Offset(before))
        return .json { json in
            json.key("topic")
            json.string(topic.name)
            json.key("partition")
            json.integer(partition.value)
            json.key("logStartOffset")
            json.integer(logStart.value)
        }
    }
}
