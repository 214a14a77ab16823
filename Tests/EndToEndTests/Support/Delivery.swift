import Foundation

/// A record that a worker printed.
struct Delivery: Sendable {
    /// Where a record stands in its topic.
    struct Place: Hashable, Sendable, Decodable {
        let partition: Int32
        let offset: Int64
    }

    let worker: String
    let place: Place
    let event: ChangeStream.Event
    /// The line as printed: the record as the broker sent it.
    let line: String

    /// What a worker has printed to a file, in its order.
    static func list(in file: URL, worker: String) throws -> [Delivery] {
        // The file may be growing: both readings go as far as the shorter one.
        let lines = try Lines.read(file)
        let records = try Lines.decode(Record.self, from: file)
        return zip(lines, records).map { line, record in
            let place = Place(partition: record.partition, offset: record.offset)
            return Delivery(worker: worker, place: place, event: record.value, line: line)
        }
    }

    private struct Record: Decodable {
        let partition: Int32
        let offset: Int64
        let value: ChangeStream.Event
    }
}

extension Sequence<Delivery> {
    /// The deliveries of each record that was delivered more than once.
    var duplicates: [Delivery.Place: [Delivery]] {
        Dictionary(grouping: self, by: \.place).filter { $0.value.count > 1 }
    }

    /// One delivery of each record, in the order of the log, partition by partition.
    var once: [Delivery] {
        let byPlace = Dictionary(map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
        return byPlace.values.sorted {
            ($0.place.partition, $0.place.offset) < ($1.place.partition, $1.place.offset)
        }
    }
}
