import MillraceClient

/// Prints records, and notes each as processed once it is printed: a commit never covers what was not.
struct WorkPrinter {
    let format: OutputFormat
    /// Commit after so many records; nil never commits.
    let commitRecords: Int?

    /// Prints until the member is stopped.
    func run(_ member: GroupMember) async throws {
        var count = 0
        for try await record in member.records {
            try StandardOutput.write(line: RecordText.line(record.record, format))
            guard let commitRecords else { continue }
            member.processed(record)
            count += 1
            guard count >= commitRecords else { continue }
            count = 0
            do {
                try await member.commitProcessed()
            } catch {
                // No reason to stop: the next commit covers it.
                StandardError.note("not committed yet: \(error)")
            }
        }
    }
}
