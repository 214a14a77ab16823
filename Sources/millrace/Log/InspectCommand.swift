import ArgumentParser
import SegmentStore

/// `millrace log inspect`: what the files say, down to single batches.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a data directory holds: checkpoints, journal, partitions, segments, batches.",
        discussion: """
            Without --topic: the directory, its journal, and a line for each partition. With --topic and --partition: that
            partition's watermarks, epochs and segments; with --batches the batches, from --from on.

            Offsets are as of the last checkpoint: what lies above it is in the journal until the next start.

              millrace log inspect --data-dir millrace-data
              millrace log inspect --data-dir millrace-data --topic orders --partition 3
              millrace log inspect --data-dir millrace-data --topic orders --partition 3 --batches --from 1000 --limit 5
            """
    )

    @OptionGroup var options: LogOptions
    @Option(help: "Look at this topic.") var topic: String?
    @Option(help: "Look at this partition of the topic.") var partition: Int32 = 0
    @Flag(help: "List the batches of the partition.") var batches = false
    @Option(help: "With --batches: begin at the batch that holds this offset.") var from: Int64 = 0
    @Option(help: "With --batches: list this many at most.") var limit = 100

    func run() async throws {
        try LogFailure.told {
            try options.withDirectory { directory in
                guard let topic else {
                    return try DirectoryDocument(directory).print(options.output)
                }
                guard let stored = directory.topics.first(where: { $0.name.name == topic }) else {
                    throw ValidationError("there is no topic '\(topic)' in \(options.dataDir)")
                }
                guard partition >= 0, partition < stored.partitionCount else {
                    throw ValidationError("'\(topic)' has partitions 0 to \(stored.partitionCount - 1)")
                }
                let key = PartitionKey(topic: stored.id, partition: .init(partition))
                let facts = directory.partition(key)
                guard batches else {
                    return try PartitionDocument(facts, names: PartitionNames(directory)).print(options.output)
                }
                try BatchListing(facts, of: directory, from: from, limit: limit).print(options.output)
            }
        }
    }
}
