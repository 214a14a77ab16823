import RecordFormat

/// What a request asks for, its names checked: one case a route, with all that its path says.
enum APICall: Hashable, Sendable {
    case listTopics(Namespace)
    case describeTopic(TopicName)
    case createTopic(TopicName)
    case changeTopic(TopicName)
    case deleteTopic(TopicName)
    case describePartitions(TopicName)
    case produce(TopicName)
    case readTopic(TopicName)
    case readPartition(TopicName, PartitionIndex)
    case deleteRecords(TopicName, PartitionIndex)
    case readTopics(Namespace)
    case listGroups(Namespace)
    case describeGroup(GroupName)
    case createGroup(GroupName)
    case changeGroup(GroupName)
    case deleteGroup(GroupName)
    case groupMembers(GroupName)
    case groupOffsets(GroupName)
    case resetOffsets(GroupName)
    case groupHistory(GroupName)
    case groupLag(GroupName)
    case joinMember(GroupName)
    case memberRecords(GroupName, String)
    case heartbeat(GroupName, String)
    case leaveGroup(GroupName, String)
    case groupStream(GroupName)
    case commit(GroupName)
    case listCollections(Namespace)
    case listItems(TopicName)
    case item(TopicName, String)
    case putItem(TopicName, String)
    case patchItem(TopicName, String)
    case deleteItem(TopicName, String)
    case kubernetes(KubernetesCall)
    case health
    case readiness
    case metrics
    case openAPI
}

extension APICall {
    /// Whether it is about the items of a collection.
    var isOfItems: Bool {
        switch self {
        case .listItems, .item, .putItem, .patchItem, .deleteItem: true
        default: false
        }
    }
}
