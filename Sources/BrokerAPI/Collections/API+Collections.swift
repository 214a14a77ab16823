import BrokerCore
import HTTPTypes
import JSONBytes
import RecordFormat

extension API {
    /// Lists a namespace's collections.
    func listCollections(_ namespace: Namespace) -> APIReply {
        .json { json in
            json.key("collections")
            json.beginArray()
            for topic in engine.topics(in: namespace) where topic.settings.cleanup == .compact {
                json.beginObject()
                json.key("collection")
                json.string(topic.name.name)
                json.key("partitions")
                json.integer(topic.partitions.count)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// A page of a collection's items.
    func listItems(_ collection: TopicName, _ context: RequestContext) async throws -> APIReply {
        let limits = engine.limits
        let place = try context.query["continue"].map { (text) throws(Problem) in try ListPlace.parse(text) }
        let limit = try context.query.integer("limit", in: 1...Int64.max).map { Int(clamping: $0) }
        let page = try await engine.listItems(
            of: collection,
            from: place,
            limit: min(limit ?? .max, limits.pageRecordsMax),
            bytesMax: limits.pageBytesMax
        )
        let text = ItemText(
            versions: CollectionVersion(try engine.topic(collection)),
            jsonDepthMax: limits.jsonDepthMax
        )
        return .json { json in
            json.key("metadata")
            json.beginObject()
            json.key("resourceVersion")
            json.string(text.versions.text(page.version))
            if let next = page.next {
                json.key("continue")
                json.string(ListPlace.text(next))
            }
            json.endObject()
            json.key("items")
            json.beginArray()
            for item in page.items { text.write(item, to: &json) }
            json.endArray()
        }
    }
}

/// Where a list goes on, as text: opaque to clients.
enum ListPlace {
    /// The text of a place.
    static func text(_ place: CollectionPlace) -> String {
        "\(String(place.list, radix: 16)).\(place.partition).\(place.offset)"
    }

    /// The place of a text.
    static func parse(_ text: String) throws(Problem) -> CollectionPlace {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let list = UInt64(parts[0], radix: 16), let partition = Int(parts[1]), partition >= 0,
            let offset = Int64(parts[2]), offset >= 0
        else {
            throw Problem(
                .invalidCursor,
                "continue is what the page before gave in metadata.continue, not \"\(Problem.shown(text))\""
            )
        }
        return CollectionPlace(list: list, partition: partition, offset: Offset(offset))
    }
}
