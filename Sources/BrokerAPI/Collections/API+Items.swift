import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

extension API {
    /// Shows an item.
    func item(_ key: String, of collection: TopicName) async throws -> APIReply {
        guard let item = try await engine.item(Array(key.utf8), of: collection) else {
            throw Problem.itemNotFound(key, collection)
        }
        return try itemText(collection).reply(.ok, item)
    }

    /// Makes an item, or puts another value in its place.
    func putItem(_ key: String, of collection: TopicName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let document = try ItemDocument(context.request.body, of: key, limits: engine.limits)
        let record = try document.record(key: key, now: engine.appendTime(), limits: engine.limits)
        let condition = try ItemCondition(context.request.headers)
        let text = try itemText(collection)
        let update = try await engine.updateItem(Array(key.utf8), of: collection) { before in
            try condition.check(before.map(text.versions.text(of:)), named: document.resourceVersion)
            return .append(record, isJSON: true)
        }
        return try reply(update, text)
    }

    /// Changes an item by a patch.
    func patchItem(_ key: String, of collection: TopicName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let limits = engine.limits
        let patch = try ItemPatch(context, limits: limits)
        let condition = try ItemCondition(context.request.headers)
        let text = try itemText(collection)
        let now = engine.appendTime()
        let update = try await engine.updateItem(Array(key.utf8), of: collection) { before in
            try condition.check(before.map(text.versions.text(of:)))
            guard let before else { throw Problem.itemNotFound(key, collection) }
            let changed = try patch.apply(to: try text.tree(before), limits: limits)
            let document = try ItemDocument(changed, of: key)
            try condition.check(text.versions.text(of: before), named: document.resourceVersion)
            return .append(try document.record(key: key, now: now, limits: limits), isJSON: true)
        }
        return try reply(update, text)
    }

    /// Deletes an item.
    func deleteItem(_ key: String, of collection: TopicName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let condition = try ItemCondition(context.request.headers)
        let text = try itemText(collection)
        let tombstone = DecodedRecord(timestamp: engine.appendTime(), key: ByteBuffer(string: key))
        _ = try await engine.updateItem(Array(key.utf8), of: collection) { before in
            try condition.check(before.map(text.versions.text(of:)))
            guard before != nil else { throw Problem.itemNotFound(key, collection) }
            return .append(tombstone, isJSON: true)
        }
        return APIReply(status: .noContent)
    }

    /// How items of a collection are written.
    func itemText(_ collection: TopicName, _ projection: JSONProjection? = nil) throws -> ItemText {
        ItemText(
            versions: CollectionVersion(try engine.topic(collection)),
            jsonDepthMax: engine.limits.jsonDepthMax,
            projection: projection
        )
    }

    private func reply(_ update: ItemUpdate, _ text: ItemText) throws(Problem) -> APIReply {
        guard let after = update.after else {
            throw Problem(.internalError, "an item was left as it is although it was to be written")
        }
        return text.reply(update.before == nil ? .created : .ok, after)
    }
}

extension Problem {
    /// An item that does not exist.
    static func itemNotFound(_ key: String, _ collection: TopicName) -> Problem {
        Problem(.itemNotFound, "the collection \(collection) has no item \"\(shown(key))\"")
    }
}
