import BrokerCore
import RecordFormat

/// The version of a list over several namespaces: one number a namespace, joined with dots.
///
/// It is one of other collections as soon as another namespace has such a collection, or one is made anew.
enum KubernetesVersion {
    /// Whether it is a version of as many collections as there are not.
    static func isOfOthers(_ text: String, than topics: [TopicDescription]) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count != topics.count && parts.allSatisfy { Int64($0).map { $0 > 0 } ?? false }
    }

    /// Refuses a version that the collections have not reached, or that is none.
    static func check(_ text: String, of topics: [TopicDescription]) throws {
        // What is shown now is newer.
        if isOfOthers(text, than: topics) { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == topics.count else {
            throw KubernetesStatus.badRequest(
                "Invalid value: \"\(Problem.shown(text))\": resourceVersion is what a list gave in metadata.resourceVersion"
            )
        }
        for (part, topic) in zip(parts, topics) { try CollectionPlaces(topic).check(notBefore: part) }
    }
}
