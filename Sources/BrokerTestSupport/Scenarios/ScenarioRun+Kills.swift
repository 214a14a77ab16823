import RecordFormat
import SegmentStore

/// What a killed process leaves in the caches, a start rests on, and a power cut takes.
extension ScenarioRun {
    /// The block must not be written before what can restore it is durable; with the ring around the page cache and in it.
    mutating func killedInTailBlock() throws {
        for hasDirectIO in [true, false] where flaws.isEmpty {
            var settings = SimulatedSettings()
            settings.hasDirectIO = hasDirectIO
            renew(settings)
            let client = try begin()
            let appends = [record("a", bytes: 90), record("b", bytes: 60)]
            try client.commit([[appends[0]]])
            try client.checkpoint()
            kill(after: { $0.path.lastComponent?.string == "journal" && [.write, .directWrite].contains($0.kind) }) {
                try client.commit([[appends[1]]])
            }
            cutStart(draws: 60)
        }
    }

    /// The start writes over the other record: then the one that it found is the only one.
    mutating func killedInRecord() throws {
        let client = try begin()
        for isLast in [false, true] {
            while client.store.checkpointUrgency != .mustWait {
                try client.commit([[client.append(to: key, count: 1)]])
            }
            if isLast { break }
            try client.checkpoint()
        }
        kill(after: { $0.kind == .write && $0.path.lastComponent?.string.hasPrefix("checkpoint.") == true }) {
            try client.checkpoint()
        }
        cutStart(draws: 80)
    }

    mutating func killedInTopic() throws {
        let client = try begin()
        let append = record("a", bytes: 90)
        try client.commit([[append]])
        kill(after: { $0.kind == .rename }) { try client.createTopic() }
        cutStart(draws: 8)
    }

    mutating func killedInChange() throws {
        let client = try begin()
        let append = record("a", bytes: 90)
        try client.commit([[append]])
        kill(after: { $0.kind == .rename }) { try client.growTopic() }
        cutStart(draws: 8)
    }

    /// The segment was sealed by its age, so that replay has nothing to write, and nothing else flushes that name.
    mutating func killedInManifest() throws {
        let client = try begin()
        let append = record("a", bytes: 400)
        try client.commit([[append]])
        _ = client.store.rollIfDue(key, RetentionPolicy(ageMaxMilliseconds: -1))
        kill(after: { $0.kind == .rename && $0.path.lastComponent?.string == "manifest.new" }) {
            try client.checkpoint()
        }
        cutStart(draws: 8)
    }
}
