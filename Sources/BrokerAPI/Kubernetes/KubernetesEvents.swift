import BrokerCore
import JSONBytes
import RecordFormat

/// The events of a watch in the form of Kubernetes: objects, or tables of one row each.
struct KubernetesEvents: CollectionForm {
    /// The objects that are watched.
    let object: KubernetesObject
    /// What is told beside them.
    let marks: KubernetesMarks
    /// The time from which ages are counted.
    let now: @Sendable () -> Timestamp

    var saysGoodbye: Bool { false }
    var needsPrevious: Bool { false }

    func write(_ event: ItemEvent, to json: inout JSONWriter) {
        json.key("object")
        KubernetesListText(marks.form, kind: object.kind, now: now())
            .writeAlone(event.item, version: event.version, object, to: &json)
    }

    func writeBookmark(_ version: String, isEndOfState: Bool, to json: inout JSONWriter) {
        marks.writeBookmark(version, isEndOfState: isEndOfState, to: &json)
    }

    func write(_ problem: Problem, to json: inout JSONWriter) { marks.write(problem, to: &json) }
}
