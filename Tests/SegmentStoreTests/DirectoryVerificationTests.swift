import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// A start and a check agree on a directory as a whole: what the one refuses the other tells.
@Suite struct DirectoryVerificationTests {
    /// Something done to a directory while no broker holds it.
    enum Harm: CaseIterable {
        case producersMissing
        case producersDamaged
        case topicMissing
        case topicTwice
        case slotOfANewerVersion
        case bothSlotsMissing
        case journalMissing
        case strangersDirectory

        var isHarmless: Bool { self == .strangersDirectory }

        func strike(_ fileSystem: SimulatedFileSystem) throws {
            let directory = StoreWorkload.directory
            let topics = directory.appending("topics")
            let topic = topics.appending(TestStore.topic.hex)
            switch self {
            case .producersMissing:
                try fileSystem.unlink(directory.appending("producers"))
            case .producersDamaged:
                try fileSystem.flipBit(of: directory.appending("producers"), at: FilePosition(40), bit: 1)
            case .topicMissing:
                try fileSystem.rename(topic, to: directory.appending("elsewhere"))
            case .topicTwice:
                // Its file still tells the other id.
                let copy = topics.appending(TestStore.topic.hex.replacingLast())
                try fileSystem.createDirectory(copy)
                try fileSystem.replaceContents(
                    of: copy.appending("topic"),
                    with: fileSystem.contents(of: topic.appending("topic"))
                )
            case .slotOfANewerVersion:
                var content = try fileSystem.contents(of: directory.appending("checkpoint.a"))
                content[11] = 99
                try fileSystem.replaceContents(of: directory.appending("checkpoint.a"), with: content)
            case .bothSlotsMissing:
                for name in ["checkpoint.a", "checkpoint.b"] { try fileSystem.unlink(directory.appending(name)) }
            case .journalMissing:
                try fileSystem.unlink(directory.appending("journal"))
            case .strangersDirectory:
                try fileSystem.createDirectory(topics.appending("lost+found"))
            }
        }
    }

    @Test(arguments: Harm.allCases, [true, false])
    func whatAStartRefusesIsTold(harm: Harm, isStopped: Bool) throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.checkpoint()
        _ = try test.append("b")
        if isStopped { try test.store.close() }
        let image = test.fileSystem.afterProcessDeath()
        try harm.strike(image)
        let inspection = try DirectoryInspection(
            StoreWorkload.configuration,
            fileSystem: SimulatedFileSystem(image.image)
        )
        defer { inspection.close() }
        let report = inspection.verify { _ in }
        #expect(report.isSound == harm.isHarmless, "\(report.findings)")
        let plan = RepairPlan(for: report, of: inspection)
        #expect(plan.hopeless.isEmpty == harm.isHarmless)
        #expect(plan.hopeless.allSatisfy { !$0.advice.isEmpty })
        if harm.isHarmless {
            #expect(report.findings.contains { $0.severity == .note && $0.path.string.hasSuffix("lost+found") })
            #expect(try TestStore(image).values() == ["a", "b"])
        } else {
            #expect(throws: StorageError.self) { try TestStore(image) }
        }
    }
}

extension String {
    /// The same with another last digit.
    fileprivate func replacingLast() -> String { String(dropLast()) + (last == "0" ? "1" : "0") }
}
