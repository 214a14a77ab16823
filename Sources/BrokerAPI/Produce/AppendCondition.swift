import BrokerCore
import RecordFormat

/// `expectedOffset=`: the request is stored only if its one partition ends exactly there.
struct AppendCondition {
    private let expected: Offset
    private let partition: PartitionIndex

    /// Reads the condition; nil when there is none.
    init?(_ query: QueryParameters, _ partition: PartitionIndex?) throws(Problem) {
        guard let number = try query.integer("expectedOffset", in: 0...Int64.max) else { return nil }
        guard let partition else {
            throw .invalidRequest("expectedOffset= is about one partition: name it with partition=")
        }
        expected = Offset(number)
        self.partition = partition
    }

    /// Puts the condition on the appends of a request, which must all be for its partition.
    func put(on appends: [AppendItem]) throws(Problem) -> [AppendItem] {
        if let other = appends.first(where: { $0.target.partition != partition }) {
            throw .invalidRequest(
                "expectedOffset= is about partition \(partition), and a record names partition \(other.target.partition)"
            )
        }
        return appends.map { AppendItem(target: $0.target, batches: $0.batches, expectedOffset: expected) }
    }
}
