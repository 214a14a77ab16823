/// Which module may import which: the picture of docs/ARCHITECTURE.md as data.
///
/// There are no other arrows.
enum ImportMap {
    /// What each module may import, its own floor's modules and other packages' alike.
    static let allowed: [String: Set<String>] = [
        "RecordFormat": ["NIOCore", "CChecksum", "CZlib"],
        "JSONBytes": ["NIOCore"],
        "SegmentStore": ["RecordFormat", "NIOCore", "SystemPackage", "Synchronization", "Glibc"],
        "GroupCoordination": ["RecordFormat"] + collections,
        "BrokerCore": [
            "RecordFormat", "SegmentStore", "GroupCoordination", "NIOCore", "Logging", "Metrics", "ServiceLifecycle",
            "Synchronization", "Glibc",
        ] + collections,
        "BrokerAPI": [
            "BrokerCore", "RecordFormat", "JSONBytes", "HTTPTypes", "NIOCore", "Logging", "Crypto",
            "Synchronization",
        ],
        "BrokerHTTP": [
            "BrokerAPI", "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "NIOHTTP1",
            "NIOHTTPTypes",
            "NIOHTTPTypesHTTP1", "NIOWebSocket", "Logging",
            "ServiceLifecycle", "Synchronization",
        ],
        "MillraceClient": ["AsyncHTTPClient", "NIOCore", "NIOHTTP1", "FoundationEssentials", "Synchronization"],
        "millrace": [
            "ArgumentParser", "Configuration", "Logging", "ServiceLifecycle", "BrokerHTTP", "BrokerAPI", "BrokerCore",
            "MillraceClient", "SegmentStore", "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "GroupTestSupport": ["GroupCoordination", "RecordFormat", "Synchronization"],
        "BrokerTestSupport": [
            "BrokerCore", "SegmentStore", "RecordFormat", "NIOCore", "SystemPackage", "Synchronization", "Logging",
            "Glibc",
        ],
    ]

    /// The targets that are C: they import no module, and include only the standard library's headers and their own.
    static let cModules: Set<String> = ["CChecksum", "CZlib"]

    /// Imports that only a few files of a module may make, and how many.
    static let filesMax: [(module: String, imported: String, files: Int)] = [
        // One thread and its condition variable; everything else that blocks is SegmentStore's.
        ("BrokerCore", "Glibc", 1)
    ]

    /// The one folder of the executable that may look into the store: the `log` tools.
    static let storeReaders = "Sources/millrace/Log"

    private static let collections: Set<String> = [
        "Collections", "BasicContainers", "BitCollections", "ContainersPreview", "DequeModule", "HashTreeCollections",
        "HeapModule", "OrderedCollections",
    ]

    /// The modules that a line of Swift imports: at most one, without its access level, attributes and kind.
    static func imported(by line: some StringProtocol) -> String? {
        var words = line.split(whereSeparator: { $0 == " " }).map { String($0) }
        while let first = words.first, first.hasPrefix("@") || accessLevels.contains(first) { words.removeFirst() }
        guard words.first == "import", words.count >= 2 else { return nil }
        let path = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
        return path.firstIndex(of: ".").map { String(path[..<$0]) } ?? path
    }

    private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<String> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
}

private func + (left: Set<String>, right: Set<String>) -> Set<String> {
    left.union(right)
}
