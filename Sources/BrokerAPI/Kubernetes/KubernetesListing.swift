import BrokerCore
import RecordFormat

/// A list over the namespaces that have a collection, each at one moment, however many pages it takes.
///
/// Where it stands is told in `continue`: a part a namespace, joined with `_`, each either a place as that of any list, or
/// `done.<version>.<tag>` for a namespace that was read to its end.
struct KubernetesListing: Sendable {
    /// How far a namespace was read.
    private enum Place: Sendable {
        /// Not at all.
        case beginning
        /// Up to here.
        case at(CollectionPlace)
        /// To the end of the list of this version.
        case done(Offset)
    }

    private struct Part: Sendable {
        let object: KubernetesObject
        let selector: ItemSelector?
        var place: Place
        /// The version that the list shows, once it is known.
        var version = Offset.zero
        /// Its list, if it was begun here and is not at its end.
        var lease: ListLease?

        var isAtEnd: Bool { if case .done = place { true } else { false } }
    }

    private var parts: [Part]
    /// The most items of one read.
    private let countMax: Int

    /// A list that was not begun, or that is gone on with.
    ///
    /// - Parameter wanted: the collections, and what is asked of each.
    init(_ wanted: [KubernetesScope.Part], next text: String?, limits: Limits) throws {
        countMax = limits.pageRecordsMax
        let begun = wanted.map {
            Part(
                object: KubernetesObject($0.topic, limits: limits),
                selector: $0.options.selector,
                place: .beginning
            )
        }
        guard let text, !text.isEmpty else {
            parts = begun
            return
        }
        let texts = text.split(separator: "_", omittingEmptySubsequences: false)
        let places = try texts.map { try Self.place($0) }
        guard texts.count == begun.count else { throw Self.expired }
        parts = try zip(begun, places).map { part, place in
            if let tag = place.tag, tag != part.object.topic.id.tag { throw Self.expired }
            return Part(object: part.object, selector: part.selector, place: place.place)
        }
    }

    /// The version of the whole list; known once a page was read.
    var version: String {
        if parts.isEmpty { return KubernetesAbsence.version }
        return zip(parts.map(\.object), parts.map(\.version)).map(Self.version).joined(separator: ".")
    }

    /// Where the next page begins; nil at the end.
    var next: String? {
        guard !isAtEnd else { return nil }
        return parts.map { part in
            switch part.place {
            // A page gives every part a place.
            case .beginning: "0.0.0"
            case .at(let place): ListPlace.text(place)
            case .done(let version): "done.\(version).\(part.object.topic.id.tag)"
            }
        }.joined(separator: "_")
    }

    /// Leaves the lists open that were not read to their ends: somebody is told how to go on.
    func keepOpen() {
        for part in parts { part.lease?.keep() }
    }

    /// Whether everything was read.
    var isAtEnd: Bool { parts.allSatisfy(\.isAtEnd) }

    /// Reads on: at most so many items, and about so many bytes.
    ///
    /// Where a selector passes over much there may be fewer items than there is room for, and none at all.
    mutating func read(
        _ engine: any BrokerEngine,
        limit: Int,
        bytesMax: ByteCount
    ) async throws -> [(CollectionItem, KubernetesObject)] {
        var items: [(CollectionItem, KubernetesObject)] = []
        var (reads, room) = (0, bytesMax.value)
        func hasRoom() -> Bool { items.count < limit && room > 0 && reads < Self.readsMax }
        for index in parts.indices {
            var paging = SelectedPaging(parts[index].selector, countMax: countMax)
            // Without room a list is opened all the same, so that all of them show one moment.
            repeat {
                let wanted = hasRoom() ? limit - items.count : 0
                let found = try await read(engine, part: index, limit: wanted, room: room, of: bytesMax, &paging)
                room -= found.reduce(0) { $0 + $1.0.record.content }
                items += found
                reads += 1
            } while !parts[index].isAtEnd && hasRoom() && parts[index].selector != nil
            // What is left of this namespace comes before the others.
            if !parts[index].isAtEnd { reads = Self.readsMax }
        }
        return items
    }

    /// How often the log is read for one page whose selector passes over items.
    private static let readsMax = 64

    /// Reads once.
    ///
    /// A selector may pass over nearly all that is read, so that a read is as large as the first, whatever room is left: what
    /// does not fit is read again with the next page.
    private mutating func read(
        _ engine: any BrokerEngine,
        part index: Int,
        limit: Int,
        room: Int,
        of bytesMax: ByteCount,
        _ paging: inout SelectedPaging
    ) async throws -> [(CollectionItem, KubernetesObject)] {
        let part = parts[index]
        let place: CollectionPlace?
        switch part.place {
        case .done(let version):
            parts[index].version = version
            return []
        case .beginning:
            if limit > 0, let key = part.selector?.onlyKey { return try await readOne(engine, part: index, key) }
            place = nil
        case .at(let known): place = known
        }
        let topic = part.object.topic
        let page = try await engine.listItems(
            of: topic.name,
            from: place,
            limit: paging.readCount(wanted: limit),
            bytesMax: part.selector == nil ? ByteCount(max(room, 0)) : bytesMax
        )
        let lease = place == nil ? ListLease(page.list, of: topic.name, engine) : part.lease
        guard let position = page.version.positions.first, position.topicID == topic.id else { throw Self.expired }
        parts[index].version = position.next
        let taken = paging.take(page, limit: limit, bytesMax: room)
        parts[index].place = taken.next.map { .at($0) } ?? .done(position.next)
        parts[index].lease = taken.next == nil ? nil : lease
        return taken.items.map { ($0, part.object) }
    }

    /// Reads the only item that can be wanted, without a look at the others.
    ///
    /// The version is one that contains what was found: whoever watches from there misses nothing, and may be told once more
    /// what became of the key meanwhile.
    private mutating func readOne(
        _ engine: any BrokerEngine,
        part index: Int,
        _ key: [UInt8]
    ) async throws -> [(CollectionItem, KubernetesObject)] {
        let part = parts[index]
        let topic = try engine.topic(part.object.topic.name)
        guard topic.id == part.object.topic.id else { throw Self.expired }
        var version = topic.partitions.first?.visible ?? .zero
        let item = try await engine.item(key, of: topic.name)
        if let item { version = max(version, item.record.offset.advanced(by: 1)) }
        parts[index].version = version
        parts[index].place = .done(version)
        guard let item, part.selector?.matches(item) ?? true else { return [] }
        return [(item, part.object)]
    }

    /// The version of a namespace's part.
    private static func version(_ object: KubernetesObject, _ offset: Offset) -> String {
        String(object.topic.versionBase + offset.value)
    }

    private static func place(_ text: Substring) throws -> (place: Place, tag: String?) {
        guard text.hasPrefix("done.") else { return (.at(try ListPlace.parse(String(text))), nil) }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 3, let version = Int64(words[1]), version >= 0 else {
            throw KubernetesStatus.badRequest("continue is what the page before gave in metadata.continue")
        }
        return (.done(Offset(version)), String(words[2]))
    }

    private static let expired = KubernetesStatus.expired(
        "The provided continue parameter is too old: the collections are others now; list again from the beginning"
    )
}
