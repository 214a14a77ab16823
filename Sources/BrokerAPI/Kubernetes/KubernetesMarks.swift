import BrokerCore
import JSONBytes
import RecordFormat

/// What a watch tells beside objects: how far it is, and why it ends.
struct KubernetesMarks: Sendable {
    /// The resource that is watched.
    let resource: String
    /// The form in which the client wants objects.
    let form: KubernetesForm
    /// What a client is told whose version is gone; nil is what the problem says.
    let loss: String?

    /// Writes the object of a bookmark as the next value.
    func writeBookmark(_ version: String, isEndOfState: Bool, to json: inout JSONWriter) {
        let kind = KubernetesNames.kind(of: resource)
        switch form {
        case .objects: Self.writePlace(kind, KubernetesNames.apiVersion, version, isEndOfState, to: &json)
        case .metadata: Self.writePlace("PartialObjectMetadata", "meta.k8s.io/v1", version, isEndOfState, to: &json)
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
                Self.writePlace("PartialObjectMetadata", "meta.k8s.io/v1", version, isEndOfState, to: &json)
                json.endObject()
            }
            json.endObject()
        }
    }

    /// Writes the object of an error as the next value.
    func write(_ problem: Problem, to json: inout JSONWriter) {
        json.beginObject()
        var status = KubernetesStatus(problem)
        if let loss, problem.code == .versionExpired { status = .expired(loss) }
        status.subject = KubernetesStatus.Subject(resource: resource)
        status.write(to: &json)
        json.endObject()
    }

    /// An object that is nothing but its version.
    private static func writePlace(
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
            if isEndOfState { json.object("annotations") { $0.field(KubernetesEvents.endOfState, "true") } }
        }
        json.endObject()
    }
}
