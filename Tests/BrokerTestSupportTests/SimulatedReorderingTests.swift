import BrokerTestSupport
import SegmentStore
import SystemPackage
import Testing

/// A rename that is durable before the flush that should precede it.
@Suite struct SimulatedReorderingTests {
    @Test func theNameIsDurableFirst() throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.reorder(SimulatedReordering([.manifest], behind: { $0.path.lastComponent?.string == "new" }))
        fileSystem.startRecording()
        let file = try fileSystem.open("/data/new", .create)
        try file.write([UInt8](repeating: 5, count: 10), at: 0)
        try file.flush(.manifest)
        try fileSystem.rename("/data/new", to: "/data/name")
        let between = SimulatedFileSystem(fileSystem.image.survivors(seed: 1, .losesAll))
        #expect(try between.contents(of: "/data/name") == [])
        try fileSystem.flushDirectory("/data", .manifestName)
        let after = SimulatedFileSystem(fileSystem.image.survivors(seed: 1, .losesAll))
        #expect(try after.contents(of: "/data/name") == [UInt8](repeating: 5, count: 10))
    }
}
