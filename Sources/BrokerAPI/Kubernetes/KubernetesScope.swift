import BrokerCore
import RecordFormat

/// Which collections a list or a watch of a resource is about: that of one namespace, or those of all.
struct KubernetesScope: Sendable {
    /// A collection, and what is asked of it.
    struct Part: Sendable {
        let topic: TopicDescription
        let options: CollectionOptions
    }

    /// The name of the resource, which is that of the collections.
    let resource: String
    /// The only namespace; nil is all of them.
    let namespace: Namespace?
    /// What is asked of all collections alike.
    let options: CollectionOptions
    /// Whether it is a watch.
    let isWatch: Bool
    private let query: QueryParameters
    private let limits: Limits

    /// Reads what a request asks for.
    init(_ resource: String, in namespace: Namespace?, _ query: QueryParameters, limits: Limits) throws {
        let query = query.ofKubernetes
        self.resource = resource
        self.namespace = namespace
        self.query = query
        self.limits = limits
        isWatch = try query.bool("watch") ?? false
        options = try Self.options(query, isWatch: isWatch, in: namespace?.value ?? "", limits)
    }

    /// The collections that there are, sorted by namespace.
    ///
    /// Of all namespaces those are left out of which the field selector wants nothing: `metadata.namespace=team` leaves one.
    func parts(of engine: any BrokerEngine) -> [Part] {
        (namespace.map { [$0] } ?? engine.namespaces).compactMap { place in
            // A name that is none, or that no topic bears, is no part; and what the query says was read before.
            guard let name = try? TopicName(validating: resource, in: place), let topic = try? engine.topic(name),
                KubernetesFacade.objection(to: topic) == nil,
                let options = try? Self.options(query, isWatch: isWatch, in: place.value, limits)
            else { return nil }
            if namespace == nil, options.selector?.isOfNothing ?? false { return nil }
            return Part(topic: topic, options: options)
        }
    }

    private static func options(
        _ query: QueryParameters,
        isWatch: Bool,
        in namespace: String,
        _ limits: Limits
    ) throws -> CollectionOptions {
        try CollectionOptions(
            query,
            isWatch: isWatch,
            hasBookmarks: false,
            constants: ["metadata.namespace": namespace],
            limits: limits
        )
    }
}
