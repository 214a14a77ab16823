import SegmentStore

extension Broker {
    /// What is damaged, and how far the check of stored bytes has come.
    public var damage: DamageReport {
        var report = DamageReport()
        report.quarantinedPartitions = store.quarantined().count
        report.scrub = journal.scrubReport
        return report
    }
}

extension ScrubReport {
    /// Takes over the progress of the lap under way.
    mutating func note(_ progress: ScrubProgress, isFinished: Bool) {
        partitionCount = progress.partitionCount
        partitionsDone = progress.partitionsDone
        bytes = progress.bytes
        damagedSegments = progress.damaged
        rebuiltIndexes = progress.rebuilt
        if isFinished { lapsDone += 1 }
    }
}
