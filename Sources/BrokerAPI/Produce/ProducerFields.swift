import BrokerCore
import HTTPTypes
import RecordFormat

/// The fields by which a producer numbers its requests: `Producer-Id`, `Producer-Epoch`, `Producer-Seq`, all or none.
enum ProducerFields {
    /// Reads them; nil when there are none.
    static func read(_ fields: HTTPFields, of principal: Principal) throws(Problem) -> ProducerSequence? {
        let names: [HTTPField.Name] = [.producerID, .producerEpoch, .producerSeq]
        let missing = names.filter { !fields.contains($0) }
        if missing.count == names.count { return nil }
        guard missing.isEmpty, let id = fields[.producerID], let epoch = fields[.producerEpoch],
            let sequence = fields[.producerSeq]
        else {
            let list = missing.map(\.rawName).joined(separator: " and ")
            throw .invalidRequest(
                "\(list) \(missing.count == 1 ? "is" : "are") missing: Producer-Id, Producer-Epoch and Producer-Seq go together"
            )
        }
        try check(id)
        return ProducerSequence(
            principal: principal,
            id: id,
            epoch: try number(epoch, .producerEpoch, "after the last one take another Producer-Id"),
            sequence: try number(
                sequence,
                .producerSeq,
                "after the last one raise Producer-Epoch by one and begin again at 0"
            )
        )
    }

    private static func check(_ id: String) throws(Problem) {
        let max = ProducerSequence.idBytesMax
        guard (1...max).contains(id.utf8.count), id.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x2C }) else {
            throw .invalidRequest(
                "Producer-Id is 1 to \(max) visible ASCII characters without commas, not \"\(Problem.shown(id))\""
            )
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String,
        _ name: HTTPField.Name,
        _ advice: String
    ) throws(Problem) -> Number {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Number(text) else {
            throw .invalidRequest(
                "\(name.rawName) is a whole number from 0 to \(Number.max), not \"\(Problem.shown(text))\"; \(advice)"
            )
        }
        return number
    }
}

extension ProducerSequence {
    /// Where records without a key and a partition go: the same for every attempt at the request.
    ///
    /// Murmur2 over the producer's id and the sequence as four bytes, big-endian.
    func sticky(count: Int32) -> PartitionIndex {
        var bytes = Array(id.utf8)
        withUnsafeBytes(of: sequence.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes.withUnsafeBytes { Murmur2.partition(key: $0, count: count) }
    }
}
