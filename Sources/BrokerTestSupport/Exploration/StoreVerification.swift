import SegmentStore

/// What `log verify` makes of a directory.
enum StoreVerification {
    /// Everything that it calls wrong; derived files, too, which a power cut may well leave behind in any state.
    static func findings(in fileSystem: SimulatedFileSystem) -> [Finding] {
        guard let inspection = try? DirectoryInspection(StoreWorkload.configuration, fileSystem: fileSystem) else {
            return []
        }
        defer { inspection.close() }
        return inspection.verify { _ in }.findings.filter { $0.severity > .note }
    }

    /// Damage that it sees where a start has just found none.
    static func alarms(in image: SimulatedImage) -> [StoreFlaw] {
        findings(in: SimulatedFileSystem(image)).filter { $0.severity == .damage }
            .map { StoreFlaw(.falseAlarm, "\($0.path): \($0.what)") }
    }
}
