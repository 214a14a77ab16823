public import RecordFormat

/// Lists.
extension Broker {
    /// A page of a collection: the state of one moment, however many pages it takes.
    ///
    /// - Parameter place: where an earlier page ended; nil begins a new list.
    /// - Parameters:
    ///   - limit: the most items, one at least.
    ///   - bytesMax: the most bytes of their records, but always one.
    /// - Throws: `notACollection`; `listExpired` when the earlier page's list is over.
    public func listItems(
        of topic: TopicName,
        from place: CollectionPlace?,
        limit: Int,
        bytesMax: ByteCount
    ) async throws(BrokerError) -> CollectionPage {
        let topic = try collection(topic)
        if let place {
            guard topic.partitions.indices.contains(place.partition) else { throw .listExpired(topic.name) }
            return try await readPool.run { () throws(BrokerError) in
                try ListReading(topic, place, now: self.clock.now).page(limit: limit, bytesMax: bytesMax)
            }
        }
        do throws(BrokerError) {
            return try await firstPage(of: topic, limit: limit, bytesMax: bytesMax)
        } catch {
            // A compaction has passed it by, or another reader has thrown the index away: nobody knows this list yet.
            guard case .listExpired = error else { throw error }
            return try await firstPage(of: topic, limit: limit, bytesMax: bytesMax)
        }
    }

    private func firstPage(
        of topic: Topic,
        limit: Int,
        bytesMax: ByteCount
    ) async throws(BrokerError) -> CollectionPage {
        for partition in topic.partitions { try await partition.bringCollectionUpToDate(collections) }
        return try await readPool.run { () throws(BrokerError) in
            // Opened where it is read: of a thousand who begin at the same time only a few have a list open.
            let place = self.openList(of: topic)
            do throws(BrokerError) {
                return try ListReading(topic, place, now: self.clock.now).page(limit: limit, bytesMax: bytesMax)
            } catch {
                self.closeList(place.list, of: topic)
                throw error
            }
        }
    }

    /// Closes a list that nobody reads on.
    public func closeList(_ list: UInt64, of topic: TopicName) {
        if let topic = registry.find(topic) { closeList(list, of: topic) }
    }

    private func closeList(_ list: UInt64, of topic: Topic) {
        let now = clock.now
        for partition in topic.partitions {
            partition.collection.look { $0.closeLists(at: now, finished: OpenLists.ID(number: list)) }
        }
    }

    /// The latest version of an item; nil when there is none.
    /// - Throws: `notACollection`.
    public func item(_ key: [UInt8], of topic: TopicName) async throws(BrokerError) -> CollectionItem? {
        let partition = try collection(topic).partition(ofKey: key)
        return try await latest(key, in: partition).item
    }

    /// The topic of a collection.
    func collection(_ name: TopicName) throws(BrokerError) -> Topic {
        let topic = try registry.topic(name)
        guard topic.settings.cleanup == .compact else { throw .notACollection(name) }
        try checkPartitionCount(topic.partitions.count)
        return topic
    }

    /// The latest version of an item, and the state in which it is that.
    func latest(
        _ key: [UInt8],
        in partition: Partition
    ) async throws(BrokerError) -> (item: CollectionItem?, version: Offset) {
        var seen: Offset?
        var hasDiscarded = false
        for _ in 0..<Self.latestAttemptsMax {
            let discardCount = partition.collection.discardCount
            try await partition.bringCollectionUpToDate(collections)
            let known = key.withUnsafeBytes { key in
                partition.collection.look { (latest: $0.latest(of: key)?.latest, version: $0.version) }
            }
            // Another reader has thrown the index away in between.
            guard let known else { continue }
            guard let latest = known.latest else { return (nil, known.version) }
            let item = try await readPool.run { () throws(BrokerError) in
                var reader = ItemReader(partition)
                return try reader.item(at: latest)
            }
            if let item, item.hasKey(key) { return (item, known.version) }
            // Compacted away meanwhile: a newer version has taken its place, and the next look finds that.
            if item == nil, seen != latest {
                seen = latest
                continue
            }
            // Else the index is not the log's, for whatever reason: the log has the last word.
            guard !hasDiscarded else { throw .corrupt("\(partition.identity): the item at \(latest) is gone") }
            partition.collection.discard(discardCount)
            hasDiscarded = true
        }
        throw .tooContended(partition.identity)
    }

    /// How often a version is looked for that goes while it is read.
    private static let latestAttemptsMax = 64

    private func openList(of topic: Topic) -> CollectionPlace {
        let now = clock.now
        let list = OpenLists.ID.random()
        let deadline = now.advanced(byMilliseconds: limits.listAgeMax.components.seconds * 1000)
        for partition in topic.partitions {
            partition.collection.look { index in
                index.closeLists(at: now)
                index.openList(list, until: deadline)
            }
        }
        return CollectionPlace(list: list.number, partition: 0, offset: .zero)
    }
}

extension Topic {
    /// The partition that holds a key.
    func partition(ofKey key: [UInt8]) throws(BrokerError) -> Partition {
        let count = Int32(partitions.count)
        return try partition(key.withUnsafeBytes { Murmur2.partition(key: $0, count: count) })
    }
}

/// The reading of one page of a list; it blocks.
private struct ListReading {
    private let topic: Topic
    private let list: OpenLists.ID
    private let now: MonotonicInstant
    private var place: CollectionPlace
    private var items: [CollectionItem] = []
    private var bytes = ByteCount.zero

    init(_ topic: Topic, _ place: CollectionPlace, now: MonotonicInstant) {
        self.topic = topic
        self.place = place
        self.now = now
        list = OpenLists.ID(number: place.list)
    }

    func page(limit: Int, bytesMax: ByteCount) throws(BrokerError) -> CollectionPage {
        var reading = self
        let version = try reading.version()
        let isWhole = try reading.read(limit: limit, bytesMax: bytesMax)
        return CollectionPage(
            list: list.number,
            items: reading.items,
            version: version,
            next: isWhole ? nil : reading.place,
            count: topic.partitions.reduce(0) { $0 + ($1.collection.look { $0.count } ?? 0) }
        )
    }

    private func version() throws(BrokerError) -> Cursor {
        var positions: [Cursor.Position] = []
        for partition in topic.partitions {
            let version = partition.collection.look { index in
                index.closeLists(at: now)
                index.useList(list)
                return index.version(of: list)
            }
            guard case .some(.some(let version)) = version else { throw .listExpired(topic.name) }
            positions.append(Cursor.Position(partition: partition.identity, topicID: topic.id, next: version))
        }
        return Cursor(positions: positions, isWhole: true)
    }

    /// Reads items until there are enough; answers whether these were the last.
    private mutating func read(limit: Int, bytesMax: ByteCount) throws(BrokerError) -> Bool {
        while place.partition < topic.partitions.count {
            let partition = topic.partitions[place.partition]
            var reader = ItemReader(partition)
            while let offset = try next(in: partition) {
                place = CollectionPlace(list: place.list, partition: place.partition, offset: offset)
                guard items.count < limit, bytes < bytesMax || items.isEmpty else { return false }
                // Compaction may have removed what was superseded since the list was opened.
                guard let item = try reader.item(at: offset) else {
                    partition.discardCollection(ifItLeadsTo: offset)
                    throw .listExpired(topic.name)
                }
                items.append(item)
                bytes = bytes + item.bytes
                place = CollectionPlace(list: place.list, partition: place.partition, offset: offset.advanced(by: 1))
            }
            place = CollectionPlace(list: place.list, partition: place.partition + 1, offset: .zero)
        }
        return true
    }

    private func next(in partition: Partition) throws(BrokerError) -> Offset? {
        let next = partition.collection.look { $0.nextItem(of: list, from: place.offset) }
        guard case .some(.some(let next)) = next else { throw .listExpired(topic.name) }
        return next
    }
}

extension CollectionItem {
    /// Whether it is the item of this key, and not of another one with the same hash.
    fileprivate func hasKey(_ key: [UInt8]) -> Bool {
        record.key.map { $0.readableBytesView.elementsEqual(key) } ?? false
    }

    /// What its key and its value take.
    fileprivate var bytes: ByteCount {
        ByteCount((record.key?.readableBytes ?? 0) + (record.value?.readableBytes ?? 0))
    }
}
