import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// What all writes to the facade have in common: the object that they are about, and how they are asked for.
struct KubernetesWrite: Sendable {
    /// The objects among which is the one that is written.
    let object: KubernetesObject
    /// The object's name, which is the item's key.
    let name: String
    /// Whether to do all but store it.
    let isDryRun: Bool

    /// Refuses a name that is none, and a wish for a dry run that is not understood.
    init(_ object: KubernetesObject, _ name: String, dryRun: [String]) throws {
        guard KubernetesNames.isObject(name) else {
            throw KubernetesStatus.badRequest(
                "the key \"\(Problem.shown(name))\" is no name that Kubernetes' clients can send; "
                    + "/v1/collections/\(object.topic.name.name) serves it"
            )
        }
        guard dryRun.isEmpty || dryRun == ["All"] else {
            throw KubernetesStatus.badRequest("dryRun is All, not \"\(Problem.shown(dryRun.joined(separator: ",")))\"")
        }
        self.object = object
        self.name = name
        isDryRun = !dryRun.isEmpty
    }

    /// What a query says of a dry run.
    static func dryRun(_ query: QueryParameters) -> [String] { query["dryRun"].map { $0.isEmpty ? [] : [$0] } ?? [] }

    /// The version of an item that was to be another one: read it again.
    func conflict(_ asked: String, _ item: CollectionItem) -> KubernetesStatus {
        .conflict(
            name,
            object.topic.name,
            "the object has been modified; please apply your changes to the latest version and try again "
                + "(it has the version \(object.version(of: item)), not \(Problem.shown(asked)))"
        )
    }

    /// Refuses a document that is not of this object, or of another version of it.
    func check(_ document: KubernetesDocument, of item: CollectionItem?) throws {
        if let other = document.name, other != name {
            throw KubernetesStatus.badRequest(
                "the name of the object (\(Problem.shown(other))) does not match the name on the URL "
                    + "(\(Problem.shown(name)))"
            )
        }
        guard let item else { return }
        try check(uid: document.uid, resourceVersion: document.resourceVersion, of: item)
    }

    /// Refuses an object that has not the identity or the version that a request wants.
    func check(uid: String?, resourceVersion: String?, of item: CollectionItem) throws {
        let actual = object.uid(of: item)
        if let uid, uid != actual {
            throw KubernetesStatus.conflict(
                name,
                object.topic.name,
                "Precondition failed: UID in precondition: \(Problem.shown(uid)), UID in object meta: \(actual)"
            )
        }
        if let resourceVersion, resourceVersion != object.version(of: item) { throw conflict(resourceVersion, item) }
    }

    /// The object as it would be: with the version that it has until it is stored.
    func unstored(_ record: DecodedRecord, in place: ItemUpdate) -> CollectionItem {
        CollectionItem(
            partition: TopicPartition(object.topic.name, PartitionIndex(0)),
            record: record,
            isJSON: false,
            created: place.before?.created ?? record.timestamp
        )
    }
}

extension DecodedRecord {
    /// Whether a record says the same of its key.
    func says(theSameAs other: DecodedRecord) -> Bool { value == other.value && headers == other.statedHeaders }
}
