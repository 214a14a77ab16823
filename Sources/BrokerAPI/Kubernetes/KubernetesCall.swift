import RecordFormat

/// What a request asks the Kubernetes facade for.
enum KubernetesCall: Hashable, Sendable {
    case version
    case coreVersions
    case coreResources
    case namespaces
    case namespace(String)
    case groups
    case group
    case resources
    case schemaVersion2
    case schemas
    case schemaVersion3
    /// The objects of a collection's name in all namespaces.
    case listEverywhere(String)
    case list(TopicName)
    case create(TopicName)
    case object(TopicName, String)
    case replace(TopicName, String)
    case patch(TopicName, String)
    case delete(TopicName, String)

    /// What its answer, and a refusal of it, is about.
    var subject: KubernetesStatus.Subject? {
        switch self {
        case .version, .coreVersions, .coreResources, .namespaces, .namespace, .groups, .group, .resources,
            .schemaVersion2,
            .schemas, .schemaVersion3:
            nil
        case .listEverywhere(let resource): KubernetesStatus.Subject(resource: resource)
        case .list(let topic), .create(let topic): KubernetesStatus.Subject(resource: topic.name)
        case .object(let topic, let name), .replace(let topic, let name), .patch(let topic, let name),
            .delete(let topic, let name):
            KubernetesStatus.Subject(resource: topic.name, name: name)
        }
    }
}
