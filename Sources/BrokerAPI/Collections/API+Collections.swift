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
    func listItems(
        _ collection: TopicName,
        _ options: CollectionOptions,
        _ text: ItemText,
        _ context: RequestContext
    ) async throws -> APIReply {
        for name in ["as", "prev", "event", "timeout"] where context.query[name] != nil {
            throw Problem.invalidRequest("\(name)= is for a watch: add watch=true")
        }
        let (items, version, next) = try await itemPage(collection, options, context.query)
        return .json { json in
            json.key("metadata")
            json.beginObject()
            json.key("resourceVersion")
            json.string(text.versions.text(version))
            if let next {
                json.key("continue")
                json.string(ListPlace.text(next))
            }
            json.endObject()
            json.key("items")
            json.beginArray()
            for item in items { text.write(item, to: &json) }
            json.endArray()
        }
    }

    /// The items of a page, the version that it shows, and where the next one begins.
    ///
    /// A selector that passes over much ends the page early, possibly with nothing on it.
    func itemPage(
        _ collection: TopicName,
        _ options: CollectionOptions,
        _ query: QueryParameters
    ) async throws -> (items: [CollectionItem], version: Cursor, next: CollectionPlace?) {
        let limits = engine.limits
        var place = try query["continue"].map { (text) throws(Problem) in try ListPlace.parse(text) }
        let wanted = try query.integer("limit", in: 1...Int64.max).map { Int(clamping: $0) }
        let limit = min(wanted ?? .max, limits.pageRecordsMax)
        if let version = options.notBefore {
            try CollectionPlaces(try engine.topic(collection)).check(notBefore: version)
        }
        var paging = SelectedPaging(options.selector, countMax: limits.pageRecordsMax)
        var items: [CollectionItem] = []
        var room = limits.pageBytesMax.value
        var reads = 0
        // A list of which the client does not hear is closed with this request.
        var begun: UInt64?
        defer { if let begun { engine.closeList(begun, of: collection) } }
        while true {
            let page = try await engine.listItems(
                of: collection,
                from: place,
                limit: paging.readCount(wanted: limit - items.count),
                bytesMax: limits.pageBytesMax
            )
            if place == nil {
                begun = page.list
                if options.isExact { try checkExact(options, page.version, collection) }
            }
            let taken = paging.take(page, limit: limit - items.count, bytesMax: room)
            items += taken.items
            room -= taken.bytes
            place = taken.next
            reads += 1
            let isFull = items.count >= limit || room <= 0 || reads == Self.readsPerPageMax
            guard place == nil || options.selector == nil || isFull else { continue }
            if place != nil { begun = nil }
            return (items, page.version, place)
        }
    }

    /// How often the log is read for one page whose selector passes over items.
    private static let readsPerPageMax = 64

    private func checkExact(_ options: CollectionOptions, _ version: Cursor, _ collection: TopicName) throws {
        let now = try itemText(collection).versions.text(version)
        guard let asked = options.notBefore, asked != now else { return }
        throw Problem(
            .versionExpired,
            "the collection \(collection) is at the version \(now), and lists are only made of the state of now"
        )
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
