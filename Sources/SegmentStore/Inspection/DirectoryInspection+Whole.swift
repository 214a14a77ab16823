import RecordFormat
import SystemPackage

/// What a start would refuse though each file by itself is whole.
extension DirectoryInspection {
    /// What the names of producers, the topics, the checkpoint and the journal say against each other.
    func contradictions(with journal: JournalContent) -> [Finding] {
        producerFindings(journal) + missingTopics(journal) + missingPartitions(journal) + namesakes()
    }

    private func producerFindings(_ journal: JournalContent) -> [Finding] {
        do throws(StorageError) {
            var producers = try ProducerRegistry(
                at: paths.producers,
                directory: meta.directoryID,
                fileSystem: fileSystem,
                nextAtLeast: checkpoint?.nextProducer ?? ProducerRequest.numberMin,
                now: .epoch
            )
            try producers.add(journal, at: .epoch, path: paths.producers)
            return []
        } catch {
            return [Finding(.damage, error, path: paths.producers)]
        }
    }

    /// A topic's directory goes only when the journal, or the directory's name, says that the topic was deleted.
    private func missingTopics(_ journal: JournalContent) -> [Finding] {
        let known = journal.appendedTopics.union(checkpoint?.rows.map(\.key.topic) ?? [])
        return known.subtracting(journal.deletedTopics).sorted { $0.hex < $1.hex }.compactMap { id in
            let places = [paths.topic(id), paths.deletedTopic(id)]
            guard places.allSatisfy({ (try? fileSystem.kind(of: $0)) == nil }) else { return nil }
            return Finding(
                .damage,
                paths.topic(id),
                advice: "restore the directory from a copy",
                "the topic's directory is gone, and nothing says that it was deleted"
            )
        }
    }

    /// A topic only grows: a file that counts fewer partitions than were known is not the last one.
    private func missingPartitions(_ journal: JournalContent) -> [Finding] {
        let known = journal.appendedPartitions.union(checkpoint?.rows.map(\.key) ?? [])
        return topics.compactMap { topic in
            let count = known.lazy.filter { $0.topic == topic.id }.map { Int($0.partition.value) + 1 }.max() ?? 0
            guard count > topic.partitionCount else { return nil }
            return Finding(
                .damage,
                paths.topic(topic.id).appending("topic"),
                "it lists \(topic.partitionCount) partitions, and there were \(count)"
            )
        }
    }

    private func namesakes() -> [Finding] {
        zip(topics, topics.dropFirst()).filter { $0.name == $1.name }.map { one, other in
            Finding(
                .damage,
                paths.topic(other.id),
                advice: "move one of them away",
                "the topic \(other.name) is there twice, also as \(one.id.hex)"
            )
        }
    }
}
