// swift-tools-version: 6.2
import PackageDescription

// Every target speaks Swift 6, treats a warning as an error, and writes `any` where a call is dynamic.
var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// Only the explorers of crashes and of groups ask for these: rules that can be broken on purpose.
if Context.environment["MILLRACE_PLANTED_FAULTS"] != nil { settings.append(.define("PLANTED_FAULTS")) }

// The modules, lowest floor first. docs/ARCHITECTURE.md draws the same picture; a test compares the imports with it.
let package = Package(
    name: "millrace",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "millrace", targets: ["millrace"]),
        .library(name: "RecordFormat", targets: ["RecordFormat"]),
        .library(name: "JSONBytes", targets: ["JSONBytes"]),
        .library(name: "SegmentStore", targets: ["SegmentStore"]),
        .library(name: "GroupCoordination", targets: ["GroupCoordination"]),
        .library(name: "BrokerCore", targets: ["BrokerCore"]),
        .library(name: "BrokerAPI", targets: ["BrokerAPI"]),
        .library(name: "MillraceClient", targets: ["MillraceClient"]),
        .library(name: "BrokerTestSupport", targets: ["BrokerTestSupport"]),
        .library(name: "GroupTestSupport", targets: ["GroupTestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "CChecksum"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "RecordFormat",
            dependencies: ["CChecksum", "CZlib", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "JSONBytes",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "SegmentStore",
            dependencies: [
                "RecordFormat",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GroupCoordination",
            dependencies: ["RecordFormat", .product(name: "Collections", package: "swift-collections")],
            swiftSettings: settings
        ),
        .target(
            name: "BrokerCore",
            dependencies: [
                "RecordFormat", "SegmentStore", "GroupCoordination",
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "BrokerAPI",
            dependencies: [
                "BrokerCore", "RecordFormat", "JSONBytes",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "BrokerHTTP",
            dependencies: [
                "BrokerAPI",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MillraceClient",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "millrace",
            dependencies: [
                "BrokerHTTP", "BrokerAPI", "BrokerCore", "MillraceClient", "SegmentStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "BrokerTestSupport",
            dependencies: [
                "BrokerCore", "SegmentStore", "RecordFormat",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GroupTestSupport",
            dependencies: ["GroupCoordination", "RecordFormat"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RecordFormatTests",
            dependencies: ["RecordFormat", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "JSONBytesTests",
            dependencies: ["JSONBytes", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SegmentStoreTests",
            dependencies: [
                "SegmentStore", "BrokerTestSupport", "RecordFormat",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BrokerTestSupportTests",
            dependencies: [
                "BrokerTestSupport", "SegmentStore", "RecordFormat",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GroupCoordinationTests",
            dependencies: ["GroupCoordination", "GroupTestSupport", "RecordFormat"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BrokerCoreTests",
            dependencies: [
                "BrokerCore", "BrokerTestSupport", "GroupCoordination", "RecordFormat", "SegmentStore",
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BrokerAPITests",
            dependencies: [
                "BrokerAPI", "BrokerCore", "BrokerTestSupport", "RecordFormat",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MillraceClientTests",
            dependencies: [
                "MillraceClient",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BrokerHTTPTests",
            dependencies: [
                "BrokerHTTP",
                "BrokerAPI",
                "BrokerCore",
                "RecordFormat",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["BrokerTestSupport", "MillraceClient", "millrace"],
            exclude: [
                "Support/bad-clients.py", "Support/chromium-member.html", "Support/chromium-origin.html",
                "Support/cloudevents-client.py", "Support/collection-reader.py", "Support/event-source.html",
                "Support/group-worker.py",
                "Support/log-reader.py", "Support/log-writer.py", "Support/read-segments.py",
                "Support/schemathesis_hooks.py", "Support/sse-client.py", "Support/sse-drop.py",
                "Support/try-openapi.py", "Support/websocket-client.py", "Support/websocket-goodbye.py",
            ],
            swiftSettings: settings
        ),
    ]
)
