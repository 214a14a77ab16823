import NIOCore
import RecordFormat
import SystemPackage

/// What the journal holds above the checkpoint, as far as the decisions of recovery need it.
struct JournalContent {
    /// Where the journal ends: the first frame there is not valid.
    var end: LSN
    private(set) var appendedTopics: Set<TopicID> = []
    private(set) var appendedPartitions: Set<PartitionKey> = []
    private(set) var deletedTopics: Set<TopicID> = []
    /// Names of producers, in the order of their registration.
    private(set) var registrations: [(number: Int64, name: ProducerName)] = []
    /// The highest number of a producer in any batch.
    private(set) var highestProducer: Int64 = -1

    init(end: LSN) {
        self.end = end
    }

    /// Notes an entry, after checking a batch by its own checksum: one that fails inside a valid frame is no torn write.
    mutating func note(
        _ entry: FrameEntry,
        body: UnsafeRawBufferPointer,
        place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) {
        switch entry {
        case .topicDeletion(let id):
            deletedTopics.insert(id)
        case .prefixDeletion(let deletion):
            appendedTopics.insert(deletion.key.topic)
        case .producerRegistration(let number, let name):
            registrations.append((number, name))
        case .tailBlock(let tail):
            appendedTopics.insert(tail.key.topic)
        case .batch(let batch):
            do throws(FormatError) {
                try RecordBatch(verifying: ByteBuffer(bytes: body[batch.bytes])).verifyDense()
            } catch {
                throw .corrupt(path: place.path, position: place.position, reason: "a batch in a frame: \(error)")
            }
            let header = UnsafeRawBufferPointer(rebasing: body[batch.bytes])
            highestProducer = max(highestProducer, BatchProducer(of: header)?.number ?? -1)
            appendedTopics.insert(batch.key.topic)
            appendedPartitions.insert(batch.key)
        }
    }
}
