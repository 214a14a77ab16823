import BrokerCore
import JSONBytes
import RecordFormat

/// A watch of a collection: its state, if that is asked for, then its changes, with none missed between and none twice.
///
/// The state is one list, read page by page; the changes go on from the list's version. It holds one page, or what one read
/// of changes found. A place is told only between batches, so that a resume never splits one.
struct CollectionContent: WatchContent {
    /// What a watch is of, and in which form it is told.
    struct Wish: Sendable {
        /// The collection.
        let collection: TopicName
        /// How its versions are written.
        let versions: CollectionVersion
        /// Which items are wanted; nil is all of them.
        let selector: ItemSelector?
        /// Whether bookmarks are told.
        let hasBookmarks: Bool
        /// What watchers at the tail share.
        let shared: SharedChanges
        /// Whether the client asks for the state when it knows no version.
        let beginsWithState: Bool
    }

    /// Where a watch begins.
    enum Start: Sendable {
        /// With the state.
        case state(isMarked: Bool)
        /// With the changes from here on.
        case changes(Cursor)
        /// Nowhere: its first read has failed.
        case nowhere
    }

    /// What to read.
    enum Reading: Sendable {
        /// A page of the state; nil begins it.
        case state(TopicName, CollectionPlace?, limit: Int, bytes: ByteCount)
        /// Changes.
        ///
        /// - Parameter base: where the collection's versions began when the watch did.
        case changes(Cursor, ReadBudget, PreviousWanted, SharedChanges, base: Int64)
    }

    /// What a read found.
    enum Found: Sendable {
        /// A page of the state; with its list, if that begins here and goes on.
        case page(CollectionPage, ListLease?)
        /// Changes.
        case changes(FoundChanges)
    }

    private enum Phase {
        /// The state is told, from here on; nil is its beginning.
        case state(CollectionPlace?, isMarked: Bool)
        /// The changes are told.
        case changes
        /// Nothing is told but what went wrong.
        case lost
    }

    var encoder: EventEncoder
    /// The next change; of no meaning while the state is told.
    private(set) var cursor: Cursor
    private(set) var isCaughtUp = false
    private let wish: Wish
    private let options: WatchOptions
    private var form: any CollectionForm
    private var phase: Phase
    private var pending: (found: Found, index: Int)?
    /// The list that is the state, while that is told.
    private var lease: ListLease?
    /// Whether the cursor stands within a batch.
    private var isWithinBatch = false

    /// A watch that has told nothing.
    init(_ wish: Wish, _ start: Start, form: any CollectionForm, _ options: WatchOptions) {
        self.wish = wish
        self.form = form
        self.options = options
        encoder = EventEncoder(framing: options.framing, isPage: false, jsonDepthMax: options.limits.jsonDepthMax)
        switch start {
        case .state(let isMarked):
            phase = .state(nil, isMarked: isMarked)
            cursor = Cursor(positions: [])
        case .changes(let from):
            phase = .changes
            cursor = from
        case .nowhere:
            phase = .lost
            cursor = Cursor(positions: [])
        }
    }

    static func read(_ reading: Reading, _ engine: any BrokerEngine) async throws(BrokerError) -> Found {
        try await engine.retrying { () async throws(BrokerError) in try await readOnce(reading, engine) }
    }

    private static func readOnce(_ reading: Reading, _ engine: any BrokerEngine) async throws(BrokerError) -> Found {
        switch reading {
        case .state(let collection, let place, let limit, let bytes):
            let page = try await engine.listItems(of: collection, from: place, limit: limit, bytesMax: bytes)
            let lease = place == nil ? ListLease(page.list, of: collection, engine) : nil
            return .page(page, page.next == nil ? nil : lease)
        case .changes(let cursor, let budget, let wanted, let shared, let base):
            if let name = cursor.positions.first?.partition.topic, try engine.outline(of: name).versionBase != base {
                throw .topicReplaced(name)
            }
            return .changes(try await shared.changes(cursor, budget: budget, previous: wanted, engine))
        }
    }

    // MARK: Where it stands

    var reading: Reading {
        let limits = options.limits
        switch phase {
        case .state(let place, _):
            return .state(wish.collection, place, limit: limits.pageRecordsMax, bytes: limits.readBytesPerStep)
        case .changes, .lost:
            let needsPrevious = wish.selector != nil || form.needsPrevious
            let wanted = needsPrevious ? PreviousWanted.all : .ofDeletions
            return .changes(
                cursor,
                ReadBudget(bytes: limits.readBytesPerStep),
                wanted,
                wish.shared,
                base: wish.versions.base
            )
        }
    }

    var isAtEnd: Bool { false }
    var isPending: Bool { pending != nil }
    var hasGap: Bool { false }
    var mayBookmark: Bool { wish.hasBookmarks && place != nil }
    /// Where there is one partition each event tells its version, and a client can go on from there.
    var owesPlaces: Bool { options.framing == .sse || wish.versions.partitionCount > 1 }

    var place: String? {
        guard case .changes = phase, !isWithinBatch else { return nil }
        return wish.versions.text(cursor)
    }

    mutating func take(_ found: Found) throws(Problem) -> BrokerError? {
        pending = (found, 0)
        switch found {
        case .page(let page, let begun):
            if let begun { lease = begun }
            if page.next == nil { lease = nil }
            isCaughtUp = false
        // A read that found nothing and did not move has caught up, whatever it says: the next thing is to wait.
        case .changes(let found):
            let found = found.found
            isCaughtUp = found.caughtUp || (found.changes.isEmpty && found.cursor == cursor)
        }
        return nil
    }

    mutating func shed() {
        guard let (found, index) = pending else { return }
        if case .page(let page, _) = found {
            // With its last page the list was let go of: nobody can have that page again.
            guard let next = page.next, case .state(let place, let isMarked) = phase else { return }
            let last = index > 0 ? page.items[index - 1] : nil
            let resumed = last.map { item in
                CollectionPlace(
                    list: next.list,
                    partition: Int(item.partition.partition.value),
                    offset: item.record.offset.advanced(by: 1)
                )
            }
            let first = place ?? CollectionPlace(list: next.list, partition: 0, offset: .zero)
            phase = .state(resumed ?? first, isMarked: isMarked)
        }
        pending = nil
        isCaughtUp = false
    }

    mutating func breakOff() {
        isCaughtUp = false
    }

    func problem(_ error: BrokerError) -> Problem { Self.problem(error, of: wish.collection) }

    /// A refusal of the broker: where the versions are gone with their topic, the client must list again.
    static func problem(_ error: BrokerError, of collection: TopicName) -> Problem {
        if case .topicReplaced = error { return .versionOfEarlier(collection) }
        return Problem(error)
    }

    // MARK: Writing

    mutating func write(_ room: inout BatchWalk.Room) throws(Problem) -> BatchWalk.Outcome {
        guard case (let found, var index)? = pending else { return .done }
        let outcome: BatchWalk.Outcome
        switch found {
        case .page(let page, _): outcome = write(page.items, &index, &room)
        case .changes(let found): outcome = write(found, &index, &room)
        }
        guard outcome == .done else {
            pending = (found, index)
            return outcome
        }
        pending = nil
        isWithinBatch = false
        switch found {
        case .page(let page, _): endPage(page)
        case .changes(let found): cursor = found.found.cursor
        }
        return .done
    }

    private mutating func write(
        _ items: [CollectionItem],
        _ index: inout Int,
        _ room: inout BatchWalk.Room
    ) -> BatchWalk.Outcome {
        while index < items.count {
            let item = items[index]
            if let stop = stop(room) { return stop }
            if wants(item, &room) { write(ItemEvent(.added, item, version: wish.versions.text(of: item)), nil, &room) }
            index += 1
        }
        return .done
    }

    private mutating func write(
        _ found: FoundChanges,
        _ index: inout Int,
        _ room: inout BatchWalk.Room
    ) -> BatchWalk.Outcome {
        let changes = found.found.changes
        while index < changes.count {
            let change = changes[index]
            if let stop = stop(room) { return stop }
            if wish.selector != nil { room.scanBytes -= change.item.record.content }
            let version = wish.versions.text(of: change.item)
            if let event = ItemEvent(change, wish.selector, version: version) { write(event, (found, index), &room) }
            let position = Int(change.item.partition.partition.value)
            cursor.positions[position].next = change.item.record.offset.advanced(by: 1)
            isWithinBatch = true
            index += 1
        }
        return .done
    }

    private func wants(_ item: CollectionItem, _ room: inout BatchWalk.Room) -> Bool {
        guard let selector = wish.selector else { return true }
        room.scanBytes -= item.record.content
        return selector.matches(item)
    }

    private func stop(_ room: BatchWalk.Room) -> BatchWalk.Outcome? {
        if room.records == 0 { return .answerIsFull }
        if encoder.byteCount >= room.pieceBytes { return .pieceIsFull }
        return room.scanBytes <= 0 ? .scanIsFull : nil
    }

    /// - Parameter shared: where others who watch find the same event.
    private mutating func write(
        _ event: ItemEvent,
        _ shared: (found: FoundChanges, index: Int)?,
        _ room: inout BatchWalk.Room
    ) {
        let type = event.kind.rawValue
        let name = options.recordEvent == "message" ? "message" : type
        room.records -= 1
        guard let shared, let formName = form.sharedName else {
            return write(type, named: name) { form, json in form.write(event, to: &json) }
        }
        var form = form
        let bytes = shared.found.event(shared.index, event.kind, in: formName) {
            var json = JSONWriter()
            Self.write(type, to: &json) { form.write(event, to: &$0) }
            return json.finish()
        }
        encoder.write(named: name) { $0.raw(bytes) }
    }

    /// The state goes on with its next page, or is told: what follows are changes.
    private mutating func endPage(_ page: CollectionPage) {
        guard case .state(_, let isMarked) = phase else { return }
        if let next = page.next {
            phase = .state(next, isMarked: isMarked)
            return
        }
        phase = .changes
        cursor = page.version
        if wish.hasBookmarks { writeBookmark(isEndOfState: isMarked) }
    }

    mutating func writeBookmark(isReading: Bool) {
        writeBookmark(isEndOfState: false)
    }

    private mutating func writeBookmark(isEndOfState: Bool) {
        guard let place else { return }
        write("BOOKMARK", named: "BOOKMARK") { form, json in
            json.key("object")
            form.writeBookmark(place, isEndOfState: isEndOfState, to: &json)
        }
    }

    mutating func write(_ problem: Problem) {
        write("ERROR", named: "ERROR") { form, json in
            json.key("object")
            form.write(problem, to: &json)
        }
    }

    private mutating func write(
        _ type: String,
        named name: String,
        _ fields: (inout any CollectionForm, inout JSONWriter) -> Void
    ) {
        // Aside, since the encoder is this value's too.
        var form = form
        encoder.write(named: name) { json in
            Self.write(type, to: &json) { fields(&form, &$0) }
        }
        self.form = form
    }

    private static func write(_ type: String, to json: inout JSONWriter, _ fields: (inout JSONWriter) -> Void) {
        json.beginObject()
        json.key("type")
        json.string(type)
        fields(&json)
        json.endObject()
    }

    mutating func close(_ reason: String, reconnect: Bool, _ problem: Problem?) {
        if form.saysGoodbye, options.framing != .json {
            encoder.write(.goodbye(reason: reason, reconnect: reconnect, retryAfterMilliseconds: reconnect ? 250 : 0))
        }
        encoder.endFlush(id: reconnect ? place : lastID(problem))
    }

    /// The id with which an event source comes back that has nothing to go on from.
    ///
    /// Without one it does what its URL says: where that begins with the state, it is the way out. Else it is told to stop.
    private func lastID(_ problem: Problem?) -> String {
        if problem?.code.status == .gone { return wish.beginsWithState ? "" : CursorText.endMark }
        return (place ?? "") + CursorText.endMark
    }
}
