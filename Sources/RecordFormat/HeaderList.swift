import NIOCore

/// The headers of a record to be built, encoded as they are added; reusable for the next record.
public struct HeaderList: Hashable, Sendable {
    /// The headers as a record stores them, without their count.
    public private(set) var encoded = ByteBuffer()
    /// How many headers there are.
    public private(set) var count = 0

    /// No headers.
    public init() {}

    /// No headers.
    public static let none = HeaderList()

    /// The size of the headers as encoded: names, values, and a length before each.
    public var encodedBytes: ByteCount { ByteCount(encoded.readableBytes) }

    /// Adds a header after those that are there; a nil value is null.
    public mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        encoded.reserveCapacity(
            minimumWritableBytes: name.count + (value?.count ?? 0) + 2 * Varint.bytesMax32
        )
        Varint.write(Int64(name.count), into: &encoded)
        encoded.writeBytes(name)
        Varint.write(Int64(value?.count ?? -1), into: &encoded)
        if let value { encoded.writeBytes(value) }
        count += 1
    }

    /// Adds a header of text after those that are there.
    public mutating func append(name: String, value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { value in
                append(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
            }
        }
    }

    /// The header that names the trace of a record (W3C Trace Context).
    public static let traceparent = "traceparent"

    /// These headers with those of a trace behind them, unless they name a trace themselves.
    public func traced(by trace: HeaderList) -> HeaderList {
        guard count > 0 else { return trace }
        guard !contains(name: Self.traceparent) else { return self }
        var all = self
        all.encoded.writeImmutableBuffer(trace.encoded)
        all.count += trace.count
        return all
    }

    private func contains(name: String) -> Bool {
        encoded.withUnsafeReadableBytes { bytes in
            var fields = RecordFields(bytes, from: 0, to: bytes.count)
            for _ in 0..<count {
                // What this list has encoded can be read.
                guard let header = try? fields.header() else { return false }
                if bytes[header.name].elementsEqual(name.utf8) { return true }
            }
            return false
        }
    }

    /// Removes all headers and keeps the memory for the next record.
    public mutating func removeAll() {
        encoded.clear()
        count = 0
    }
}
