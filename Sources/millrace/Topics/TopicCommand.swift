import ArgumentParser
import MillraceClient

/// `millrace topic`: the topics of a broker.
struct TopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic",
        abstract: "Create, list, describe, update, trim and delete topics.",
        discussion: """
            A topic is a log in partitions. Records with one key go to one partition and keep their order; workers of a
            group share the partitions. Topics are never created by use.

              millrace topic create orders --partitions 8
              millrace topic describe orders --output json
            """,
        subcommands: [Create.self, List.self, Describe.self, Update.self, Trim.self, Delete.self]
    )

    /// `millrace topic create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a topic; do nothing when it is there with these settings.",
            discussion: """
                The number of partitions bounds how many workers can share the topic. It is an error when the topic is there
                with another number, or other settings.

                  millrace topic create orders --partitions 8 --retention-bytes 10GiB --retention-age 7d
                """
        )

        @Argument(help: "The topic: 1 to 249 of A-Z a-z 0-9 . _ -") var topic: String
        @OptionGroup var settings: TopicSettingsOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                let answer = try await client.createTopic(topic, settings.settings)
                try options.show(answer) { topic in
                    "\(topic.topic) has \(topic.partitions) partition\(topic.partitions == 1 ? "" : "s")\n"
                }
            }
        }
    }

    /// `millrace topic list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the topics.",
            discussion: "Example:  millrace topic list --output json"
        )

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try options.show(try await client.topics()) { topics in
                    var table = Table("TOPIC", "PARTITIONS", "ID")
                    for topic in topics { table.add(topic.topic, String(topic.partitions), topic.id) }
                    return table.text
                }
            }
        }
    }

    /// `millrace topic describe`.
    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a topic's settings, its partitions and their offsets.",
            discussion: """
                START is the first offset that is kept, END is one past the last that can be read: END - START records.

                  millrace topic describe orders
                """
        )

        @Argument(help: "The topic.") var topic: String
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try options.show(try await client.topic(topic)) { topic in
                    var table = Table("PARTITION", "START", "END", "RECORDS", "BYTES", "STATE")
                    for partition in topic.offsets ?? [] {
                        table.add(
                            String(partition.partition),
                            String(partition.logStartOffset),
                            String(partition.visibleOffset),
                            String(partition.visibleOffset - partition.logStartOffset),
                            partition.sizeBytes.map { String($0) } ?? "-",
                            partition.quarantine ?? "ok"
                        )
                    }
                    return TopicSettingsText.text(topic) + table.text
                }
            }
        }
    }

    /// `millrace topic update`.
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a topic's settings, or add partitions.",
            discussion: """
                What is not named stays as it is. Partitions can only be added, and not to a compacted topic. Records of one
                key that come later may go to another partition than its earlier ones: their order is lost.

                  millrace topic update orders --retention-age 30d
                  millrace topic update orders --partitions 16
                """
        )

        @Argument(help: "The topic.") var topic: String
        @OptionGroup var settings: TopicSettingsOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try options.show(try await client.updateTopic(topic, settings.settings), table: TopicSettingsText.text)
            }
        }
    }

    /// `millrace topic delete`.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a topic with its records and every group's commits on it.",
            discussion: """
                There is no way back. A topic of the same name that is created later is another one.

                  millrace topic delete orders
                """
        )

        @Argument(help: "The topic.") var topic: String
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try await client.deleteTopic(topic)
                switch options.output {
                case .json: try StandardOutput.write(line: #"{"deleted":true}"#)
                case .table: try StandardOutput.write(line: "\(topic) is deleted")
                }
            }
        }
    }
}
