public import SegmentStore

/// A rule of the store, switched off: the exploration must notice.
public enum StoreMutation: Hashable, Sendable, CustomStringConvertible {
    /// The store as it is.
    case none
    /// The flushes of one site do nothing.
    case flushSite(FlushSite)
    /// A flush comes after the rename that it should precede.
    case renameOrder(RenameOrder)
    /// A rule that is broken in the store's code.
    case planted(PlantedFault)

    /// All but `none`.
    public static var all: [StoreMutation] {
        let planted = PlantedFault.isAvailable ? PlantedFault.allCases.map(Self.planted) : []
        return FlushSite.allCases.map(Self.flushSite) + RenameOrder.allCases.map(Self.renameOrder) + planted
    }

    /// The name, with what it is a mutation of.
    public var description: String {
        switch self {
        case .none: "none"
        case .flushSite(let site): "flush.\(site.rawValue)"
        case .renameOrder(let order): "order.\(order.rawValue)"
        case .planted(let fault): "fault.\(fault)"
        }
    }

    /// The mutation of that name.
    public init?(_ name: String) {
        guard let found = ([.none] + Self.all).first(where: { $0.description == name }) else { return nil }
        self = found
    }

    /// Whether it shows only after the process was killed.
    public var needsKill: Bool {
        guard case .flushSite(let site) = self else { return false }
        return [.foundRing, .foundSlot, .foundNames, .foundTopics, .foundTopic, .foundManifest].contains(site)
    }

    /// Makes a file system, or the whole process, behave as if the store were written so.
    public func apply(to fileSystem: SimulatedFileSystem) {
        switch self {
        case .none: break
        case .flushSite(let site): fileSystem.ignoreFlushes(at: [site])
        case .renameOrder(let order): fileSystem.reorder(order.reordering)
        case .planted(let fault): PlantedFault.plant(fault)
        }
    }
}

/// The renames of the store that a flush must precede, each pair an order.
public enum RenameOrder: String, CaseIterable, Hashable, Sendable {
    /// The ring's content, before `millrace.meta` says that the directory is whole.
    case ringBeforeMeta
    /// The checkpoint slots, before `millrace.meta`.
    case slotsBeforeMeta
    /// The names of ring and slots, before `millrace.meta`.
    case slotNamesBeforeMeta
    /// The content of `millrace.meta`, before its name.
    case metaBeforeName
    /// The content of a manifest, before its name.
    case manifestBeforeName
    /// Sealed segments, before the manifest that lists them.
    case segmentBeforeManifest
    /// The names of sealed segments, before the manifest that lists them.
    case segmentNamesBeforeManifest
    /// The `topic` file, before the topic's name.
    case topicFileBeforeName
    /// The names of a topic's partitions, before the topic's name.
    case topicContentsBeforeName
    /// The registry of producers' names, before it replaces the one before.
    case producersBeforeName

    var reordering: SimulatedReordering {
        switch self {
        case .ringBeforeMeta: Self.meta(.journalCreated)
        case .slotsBeforeMeta: Self.meta(.checkpointSlot)
        case .slotNamesBeforeMeta: Self.meta(.checkpointNames)
        case .metaBeforeName: Self.meta(.metaFile)
        case .manifestBeforeName: Self.manifest(.manifest)
        case .segmentBeforeManifest: Self.manifest(.segment)
        case .segmentNamesBeforeManifest: Self.manifest(.segmentNames)
        case .topicFileBeforeName: Self.topic(.topicFile)
        case .topicContentsBeforeName: Self.topic(.topicContents)
        case .producersBeforeName:
            SimulatedReordering([.producersFile], behind: { $0.path.lastComponent?.string == "producers.new" })
        }
    }

    private static func meta(_ site: FlushSite) -> SimulatedReordering {
        SimulatedReordering([site], isOnce: true, behind: { $0.path.lastComponent?.string == "millrace.meta.new" })
    }

    /// Where no manifest is written the flush comes in time all the same: before the record.
    private static func manifest(_ site: FlushSite) -> SimulatedReordering {
        SimulatedReordering(
            [site],
            behind: { $0.path.lastComponent?.string == "manifest.new" },
            latest: { $0.kind == .open && $0.path.lastComponent?.string.hasPrefix("checkpoint.") == true }
        )
    }

    private static func topic(_ site: FlushSite) -> SimulatedReordering {
        SimulatedReordering(
            [site],
            behind: { call in
                call.path.lastComponent?.string.hasSuffix(".new") == true
                    && call.path.removingLastComponent().lastComponent?.string == "topics"
            }
        )
    }
}
