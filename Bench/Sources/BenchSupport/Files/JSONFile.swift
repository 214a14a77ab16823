import FoundationEssentials

/// Results as they are kept: JSON that people can compare line by line.
package enum JSONFile {
    package static func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try TextFile.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: path)
    }

    package static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try TextFile.read(path).utf8))
    }
}
