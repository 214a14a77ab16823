import BrokerCore
import JSONBytes
import RecordFormat

/// The events of a watch in the form of Kubernetes: objects, or tables of one row each.
struct KubernetesEvents: CollectionForm {
    /// The objects that are watched.
    let object: KubernetesObject
    /// The form in which the client wants them.
    let form: KubernetesForm
    /// Whether they are those of all namespaces.
    let isEverywhere: Bool
    /// The time from which ages are counted.
    let now: @Sendable () -> Timestamp

    var saysGoodbye: Bool { false }
    var needsPrevious: Bool { false }

    func write(_ event: ItemEvent, to json: inout JSONWriter) {
        json.key("object")
        KubernetesListText(form, kind: object.kind, now: now())
            .writeAlone(event.item, version: event.version, object, to: &json)
    }

    func writeBookmark(_ version: String, isEndOfState: Bool, to json: inout JSONWriter) {
        switch form {
        case .objects: writePlace(object.kind, KubernetesNames.apiVersion, version, isEndOfState, to: &json)
        case .metadata: writePlace("PartialObjectMetadata", "meta.k8s.io/v1", version, isEndOfState, to: &json)
        case .table:
            json.beginObject()
            json.field("kind", "Table")
            json.field("apiVersion", "meta.k8s.io/v1")
            json.object("metadata") { $0.field("resourceVersion", version) }
            KubernetesTable.writeColumns(to: &json)
            json.list("rows", [()]) { _, json in
                json.beginObject()
                json.list("cells", [String]()) { $1.string($0) }
                json.key("object")
                writePlace("PartialObjectMetadata", "meta.k8s.io/v1", version, isEndOfState, to: &json)
                json.endObject()
            }
            json.endObject()
        }
    }

    func write(_ problem: Problem, to json: inout JSONWriter) {
        json.beginObject()
        let subject = KubernetesStatus.Subject(resource: object.topic.name.name)
        var status = KubernetesStatus(problem, of: subject)
        if isEverywhere, problem.code == .versionExpired {
            status = .expired("the changes are gone, or other namespaces have the collection than before: list again")
            status.subject = subject
        }
        status.write(to: &json)
        json.endObject()
    }

    /// An object that is nothing but its version.
    private func writePlace(
        _ kind: String,
        _ apiVersion: String,
        _ version: String,
        _ isEndOfState: Bool,
        to json: inout JSONWriter
    ) {
        json.beginObject()
        json.field("kind", kind)
        json.field("apiVersion", apiVersion)
        json.object("metadata") { json in
            json.field("resourceVersion", version)
            if isEndOfState { json.object("annotations") { $0.field(Self.endOfState, "true") } }
        }
        json.endObject()
    }
}
