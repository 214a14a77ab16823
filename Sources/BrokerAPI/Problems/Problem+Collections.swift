import BrokerCore

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
        case .tooContended(let partition):
            Problem(
                .tooContended,
                "others changed \(partition) each time before this change could be stored; try again",
                headers: [.retryAfter: "1"]
            )
        default: mapGroups(error)
        }
    }
}
