import BrokerCore
import RecordFormat

/// Where the lines of a streamed body go.
struct LineTarget: Sendable {
    let api: API
    /// The topic as it was when the stream began.
    let topic: TopicOutline
    /// The partition of records that do not name theirs.
    let partition: PartitionIndex?
    /// What goes with each record that does not name its trace itself.
    let trace: HeaderList?

    /// A group without lines, for the topic as it is now: it may have got partitions, or other settings.
    func group(firstLine: Int) throws(Problem) -> LineGroup {
        let outline = try current()
        let sticky = api.randomPartition(of: outline)
        return LineGroup(firstLine: firstLine, api.intake(for: outline, sticky: sticky, trace: trace))
    }

    /// Appends a group.
    func append(_ items: [AppendItem]) async -> Result<[AppendReceipt], BrokerError> {
        do throws(BrokerError) {
            return .success(try await api.engine.append(items))
        } catch {
            return .failure(error)
        }
    }

    /// The topic, unless it is another one by now.
    @discardableResult
    func current() throws(Problem) -> TopicOutline {
        do throws(BrokerError) {
            let now = try api.engine.outline(of: topic.name)
            if now.id == topic.id { return now }
        } catch {
            throw Problem(error)
        }
        throw Problem(
            .topicNotFound,
            "the topic \(topic.name) of this stream was deleted, and another one has its name now; begin another stream"
        )
    }
}
