import RecordFormat

/// Why an engine refused a call.
///
/// Surfaces map each case to their own codes, in one place each.
public enum BrokerError: Error, Sendable {
    /// No such topic.
    case topicNotFound(TopicName)
    /// No such partition in the topic.
    case partitionNotFound(TopicPartition, count: Int32)
    /// The topic is there with other settings.
    case topicDiffers(TopicName, details: String)
    /// The topic cannot be changed in this way.
    case topicCannotChange(TopicName, reason: String)
    /// The topic was deleted, and perhaps created again, since the cursor was made.
    case topicReplaced(TopicName)
    /// The name is one that only the broker may use.
    case nameReserved(String)
    /// An argument is out of range; the text names it and the bound.
    case invalid(String)
    /// The offset lies outside `logStart ... visible`.
    case offsetOutOfRange(TopicPartition, asked: Offset, logStart: Offset, visible: Offset)
    /// More partitions in one read than `Limits.partitionsPerReadMax`.
    case tooManyPartitions(count: Int, max: Int)
    /// The batches do not fit a journal frame.
    case requestTooLarge(bytes: ByteCount, max: ByteCount)
    /// The append queue has no room; try again after the time given.
    case queueFull(retryAfterMilliseconds: Int64)
    /// The volume has no room for users' records; the text says what found out.
    case insufficientStorage(String, retryAfterMilliseconds: Int64)
    /// The condition of a conditional append does not hold.
    case expectedOffset(TopicPartition, expected: Offset, actual: Offset)
    /// A later epoch of the producer is in force.
    case producerFenced(current: Int16)
    /// The topic does not know the producer, which does not begin at 0: what it stored before, if anything, is forgotten.
    case producerUnknown(received: Int32)
    /// The request is not the producer's next one on the topic; it was never stored.
    case producerSequenceGap(expected: Int32, received: Int32)
    /// The sequence was used for other records.
    case producerSequenceReused(Int32)
    /// The request was or may have been stored before, and where cannot be told; the text says why and what to do.
    case producerDuplicateUnknown(String)
    /// No further producer, or no more of their requests, can be remembered now.
    case tooManyProducers(String)
    /// The partition is quarantined: its files are damaged.
    case quarantined(TopicPartition, reason: String)
    /// No such group.
    case groupNotFound(GroupName)
    /// The group shares other topics.
    case groupTopicsDiffer(GroupName, topics: [TopicName])
    /// The session is unknown, expired, or another principal's.
    case sessionExpired(GroupName)
    /// The group has as many members as it may.
    case groupFull(GroupName, max: Int)
    /// The group is there, and is not as was asked for.
    case groupDiffers(GroupName, details: String)
    /// A group with members is deleted only by force.
    case groupHasMembers(GroupName, count: Int)
    /// The group keeps the commits of as many dropped topics as it may.
    case tooManyKeptTopics(GroupName, max: Int)
    /// The group does not share a partition that is to be reset.
    case partitionNotShared(GroupName, TopicPartition)
    /// Another request of the same member asks for its records now.
    case pollSuperseded(GroupName)
    /// The member is there by a connection, which is given its records.
    case memberConnected(GroupName)
    /// As many resets of the group as may be wait for their offsets.
    case tooManyResets(GroupName, max: Int)
    /// The topic keeps all its records, not the latest of each key.
    case notACollection(TopicName)
    /// The list that is being read page by page is over.
    case listExpired(TopicName)
    /// Changes from the version asked for on are gone: those below `floor` are not all kept.
    case versionExpired(TopicPartition, asked: Offset, floor: Offset)
    /// Others changed the partition all the time.
    case tooContended(TopicPartition)
    /// The storage refused a write and nothing was stored.
    case storageRefused(String)
    /// A stored byte is not what was written; the text names the place.
    case corrupt(String)
    /// Offsets `from` up to `to` cannot be read, since their bytes are damaged; reading goes on at `to`.
    case damaged(TopicPartition, from: Offset, to: Offset, String)
    /// The storage failed after the write began: the request may or may not be stored.
    case outcomeUnknown(String)
    /// The broker is going away.
    case draining
    /// This engine cannot do it.
    case unsupported(String)
}
