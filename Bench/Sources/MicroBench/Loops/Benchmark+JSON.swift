import JSONBytes
import NIOCore

extension Benchmark {
    /// JSON as it stands, without a tree.
    static let json = [
        Benchmark(
            name: "json-validate",
            about: "check a value of 100 bytes",
            operation: "value",
            passesCounted: 20
        ) { _ in
            let (bytes, places) = SampleRecords(count: 1000).joinedValues
            return HotLoop(operations: places.count, bytes: bytes.count) {
                try bytes.withUnsafeBytes { bytes in
                    var sum = 0
                    for place in places {
                        let value = UnsafeRawBufferPointer(rebasing: bytes[place])
                        sum += try JSONValidator.validate(value, depthMax: 512).value.count
                    }
                    try WrongOutcome.check(sum, is: bytes.count, "bytes of all values")
                }
            }
        },
        Benchmark(
            name: "json-pointer",
            about: "find /state in it",
            operation: "value",
            passesCounted: 20
        ) { _ in
            let (bytes, places) = SampleRecords(count: 1000).joinedValues
            let pointer = try JSONPointer("/state")
            return HotLoop(operations: places.count, bytes: bytes.count) {
                let sum = bytes.withUnsafeBytes { bytes in
                    places.reduce(0) { $0 + (pointer.resolve(in: bytes, value: $1)?.count ?? 0) }
                }
                // Four letters and two quotes.
                try WrongOutcome.check(sum, is: places.count * 6, "bytes of all states")
            }
        },
        Benchmark(
            name: "json-project",
            about: "splice /customer and /state out of it",
            operation: "value",
            passesCounted: 10
        ) { _ in
            let (bytes, places) = SampleRecords(count: 1000).joinedValues
            let projection = JSONProjection([try JSONPointer("/customer"), try JSONPointer("/state")])
            var buffer = ByteBuffer()
            return HotLoop(operations: places.count, bytes: bytes.count) {
                buffer.clear()
                bytes.withUnsafeBytes { bytes in
                    for place in places { projection.write(bytes, value: place, into: &buffer) }
                }
                let one = "{\"customer\":\"c-0417\",\"state\":\"paid\"}".utf8.count
                try WrongOutcome.check(buffer.readableBytes, is: places.count * one, "bytes of all projections")
            }
        },
    ]
}
