import Foundation

/// A record as the independent reader decodes it from a segment file.
struct StoredRecord: Decodable, Sendable {
    /// A header of a record.
    struct Header: Decodable, Hashable, Sendable {
        let name: String
        let value: Data?
    }

    /// The topic's identity.
    let topic: String
    let partition: Int32
    let offset: Int64
    /// Milliseconds since 1970.
    let timestamp: Int64
    /// The same as RFC 3339.
    let time: String
    let key: Data?
    let value: Data?
    let headers: [Header]
    /// Where Kafka's own rule puts the key.
    let partitionOfKey: Int32?

    var keyText: String { key.map { String(decoding: $0, as: UTF8.self) } ?? "" }
    var valueText: String { value.map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// What a stream must say of this record, byte by byte; for records with a plain key, a JSON value and no headers.
    func line(topic: String) -> String {
        #"{"type":"record","topic":"\#(topic)","partition":\#(partition),"offset":\#(offset),"timestamp":"\#(time)","#
            + #""key":"\#(keyText)","value":\#(valueText)}"#
    }
}
