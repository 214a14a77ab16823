import BrokerCore
import RecordFormat

extension Problem {
    /// Errors of collections.
    static func mapCollections(_ error: BrokerError) -> Problem {
        switch error {
        case .notACollection(let topic):
            Problem(
                .collectionNotFound,
                "the topic \(topic) is no collection, since it keeps all records; "
                    + "a collection is a topic with \"cleanup\":\"compact\""
            )
        case .listExpired(let topic):
            Problem(.listExpired, "the list of \(topic) is over; list again from the beginning")
        case .versionExpired(let partition, let asked, let floor):
            Problem(
                .versionExpired,
                "the changes of \(partition) are kept from offset \(floor) on, and the version is of \(asked); "
                    + "list the collection again, and watch from the version of that list"
            )
        case .tooContended(let partition):
            Problem(
                .tooContended,
                "others changed \(partition) each time before this change could be stored; try again",
                headers: [.retryAfter: "1"]
            )
        default: mapGroups(error)
        }
    }

    /// A version that an earlier collection of the same name has had.
    static func versionOfEarlier(_ collection: TopicName) -> Problem {
        Problem(
            .versionExpired,
            "the version is one of an earlier collection \(collection), which was deleted; list the collection again"
        )
    }

    /// A version that the collection will have later, if ever.
    static func versionAhead(_ text: String, _ collection: TopicName, now: String) -> Problem {
        Problem(
            .versionAhead,
            "the collection \(collection) is at the version \(now), before \(shown(text))",
            members: [Member("resourceVersion", .string(now))]
        )
    }

    /// A text that is no version.
    static func versionOfNothing(_ text: String, _ collection: TopicName) -> Problem {
        Problem(
            .invalidCursor,
            "resourceVersion is what a list of \(collection) or a bookmark gave in metadata.resourceVersion, not "
                + "\"\(shown(text))\"; where there are several partitions an item's version is none of a list"
        )
    }
}
