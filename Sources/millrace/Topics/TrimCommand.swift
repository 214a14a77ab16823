import ArgumentParser
import MillraceClient

extension TopicCommand {
    /// `millrace topic trim`.
    struct Trim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete the records of a partition below an offset.",
            discussion: """
                There is no way back. Files go a segment at a time, when nothing in one is kept. A group that had not read so
                far goes on at the first record that is kept, and is told of the gap.

                  millrace topic trim orders --partition 3 --before 100000
                """
        )

        @Argument(help: "The topic.") var topic: String
        @Option(name: .shortAndLong, help: "The partition.") var partition: Int
        @Option(help: "The first offset that stays.") var before: Int64
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                let answer = try await client.deleteRecords(topic, partition: partition, before: before)
                try options.show(answer) { "partition \(partition) of \(topic) begins at offset \($0)\n" }
            }
        }
    }
}
