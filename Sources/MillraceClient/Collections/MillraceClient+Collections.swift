import FoundationEssentials
import NIOCore

extension MillraceClient {
    /// The collections: the compacted topics, each as the latest value of every key.
    public func collections() async throws(MillraceError) -> Answer<[CollectionInfo]> {
        struct List: Decodable { let collections: [CollectionInfo] }
        let list = try await call(.GET, "/v1/collections", as: List.self)
        return Answer(value: list.value.collections, json: list.json)
    }

    /// A page of a collection's items.
    ///
    /// - Parameters:
    ///   - next: `next` of the page before: all pages together are the state of one moment.
    ///   - limit: the most items; nil leaves it to the broker.
    public func items(
        of collection: String,
        _ options: CollectionOptions = CollectionOptions(),
        after next: String? = nil,
        limit: Int? = nil
    ) async throws(MillraceError) -> ItemPage {
        struct Head: Decodable {
            struct Metadata: Decodable {
                let resourceVersion: String
                let `continue`: String?
            }
            let metadata: Metadata
        }
        let target = options.target(
            collection,
            [("limit", limit.map { String($0) }), ("continue", next)]
        )
        let bytes = try await answer(.GET, target)
        let head = try decode(Head.self, from: bytes).metadata
        let items = try JSONMembers(bytes).elements(of: "items").map { (item) throws(MillraceError) in
            try CollectionItem(item)
        }
        return ItemPage(items: items, resourceVersion: head.resourceVersion, next: head.continue)
    }

    /// One item.
    public func item(_ name: String, of collection: String) async throws(MillraceError)
        -> CollectionItem
    {
        try CollectionItem(try await answer(.GET, Self.path(name, of: collection)))
    }

    /// Makes an item, or puts another value in its place; it is on stable storage when this returns.
    ///
    /// - Parameters:
    ///   - value: any JSON value but null, as text.
    ///   - labels: all labels that it has from now on.
    @discardableResult
    public func putItem(
        _ name: String,
        of collection: String,
        value: some Sequence<UInt8>,
        labels: [String: String] = [:],
        if condition: ItemCondition? = nil
    ) async throws(MillraceError) -> CollectionItem {
        let metadata = try RequestBody.json(["labels": labels])
        var body = ByteBuffer(string: "{\"metadata\":")
        body.writeImmutableBuffer(metadata.bytes)
        body.writeString(",\"value\":")
        body.writeImmutableBuffer(try Self.checked(value))
        body.writeString("}")
        let bytes = try await answer(
            .PUT,
            Self.path(name, of: collection),
            body: RequestBody(mediaType: metadata.mediaType, bytes: body),
            fields: condition.map { [$0.field] } ?? []
        )
        return try CollectionItem(bytes)
    }

    /// Deletes an item.
    public func deleteItem(
        _ name: String,
        of collection: String,
        if condition: ItemCondition? = nil
    ) async throws(MillraceError) {
        _ = try await answer(
            .DELETE,
            Self.path(name, of: collection),
            fields: condition.map { [$0.field] } ?? []
        )
    }

    /// Watches a collection: its items as they are, and then every change, over all reconnects.
    ///
    /// - Parameter version: where to go on, instead of with the items as they are: `resourceVersion` of a list.
    public func watchItems(
        of collection: String,
        _ options: CollectionOptions = CollectionOptions(),
        from version: String? = nil
    ) -> CollectionWatch {
        CollectionWatch(client: self, collection: collection, options: options, version: version)
    }

    private static func path(_ name: String, of collection: String) -> String {
        ServerAddress.target(["v1", "collections", collection, name])
    }

    /// A value that stands alone: another text could close the object around it.
    private static func checked(_ value: some Sequence<UInt8>) throws(MillraceError) -> ByteBuffer {
        let bytes = ByteBuffer(bytes: Array(value))
        do {
            _ = try JSONDecoder().decode(AnyValue.self, from: Data(bytes.readableBytesView))
        } catch {
            throw .invalidArgument("the value is not one JSON value; a text stands in double quotes")
        }
        return bytes
    }
}

/// A JSON value of which nothing is asked but that it is one.
private struct AnyValue: Decodable {
    init(from decoder: any Decoder) {}
}
