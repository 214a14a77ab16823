// swift-tools-version: 6.2
import PackageDescription

// Measuring and torturing programs, apart from the broker's package so that none of this is built by its users. Those that
// need the broker's own modules depend on `.package(path: "..")`; the disk probe measures the disk alone, and needs none.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "millrace-bench",
    platforms: [.macOS(.v15)],
    products: [.library(name: "SlowFlush", type: .dynamic, targets: ["SlowFlush"])],
    dependencies: [
        .package(name: "millrace", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .target(name: "BenchSupport", swiftSettings: settings),
        .target(name: "SlowFlush"),
        .target(name: "CPoller"),
        .target(
            name: "LoadGenerator",
            dependencies: ["BenchSupport", "CPoller", .product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "disk-probe",
            dependencies: ["BenchSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/DiskProbe",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "group-bench",
            dependencies: [
                "BenchSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "MillraceClient", package: "millrace"),
            ],
            path: "Sources/GroupBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "kills",
            dependencies: ["BenchSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/Kills",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "load-bench",
            dependencies: [
                "BenchSupport", "LoadGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/LoadBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "peer-bench",
            dependencies: [
                "BenchSupport", "LoadGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/PeerBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "micro-bench",
            dependencies: [
                "BenchSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "BrokerAPI", package: "millrace"),
                .product(name: "BrokerCore", package: "millrace"),
                .product(name: "GroupCoordination", package: "millrace"),
                .product(name: "JSONBytes", package: "millrace"),
                .product(name: "RecordFormat", package: "millrace"),
                .product(name: "SegmentStore", package: "millrace"),
            ],
            path: "Sources/MicroBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "scale-bench",
            dependencies: [
                "BenchSupport", "LoadGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/ScaleBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GroupCoordination", package: "millrace"),
                .product(name: "GroupTestSupport", package: "millrace"),
            ],
            path: "Sources/Simulate",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "store-bench",
            dependencies: [
                "BenchSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "RecordFormat", package: "millrace"),
                .product(name: "SegmentStore", package: "millrace"),
            ],
            path: "Sources/StoreBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "torture",
            dependencies: [
                "BenchSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "BrokerTestSupport", package: "millrace"),
            ],
            path: "Sources/Torture",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "watch-bench",
            dependencies: [
                "BenchSupport", "LoadGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/WatchBench",
            swiftSettings: settings
        ),
    ]
)
