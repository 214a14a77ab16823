import Foundation

/// What a reader of a topic was told, connection after connection, as `log-reader.py` prints it.
struct WatchHistory: Sendable {
    /// One thing that happened to the reader.
    enum Step: Hashable, Sendable {
        /// It connected, and asked to go on at this cursor.
        case opened([Int64])
        case record(partition: Int, offset: Int64, checksum: UInt32)
        case gap(partition: Int, from: Int64, to: Int64)
        /// It was told that everything before this cursor has been sent.
        case cursor([Int64])
        /// The connection is gone.
        case lost
    }

    /// A line that says nothing known.
    struct Strange: Error, CustomStringConvertible {
        let description: String
    }

    let reader: String
    var steps: [Step]

    init(reader: String, steps: [Step]) {
        self.reader = reader
        self.steps = steps
    }

    init(reader: String, of file: URL) throws {
        self.init(reader: reader, steps: try Lines.read(file).map(Self.step))
    }

    private static func step(_ line: String) throws -> Step {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int64($0) }
        switch (words.first, numbers.count) {
        case ("record", 3): return .record(partition: Int(numbers[0]), offset: numbers[1], checksum: UInt32(numbers[2]))
        case ("gap", 3): return .gap(partition: Int(numbers[0]), from: numbers[1], to: numbers[2])
        case ("open", 0) where words.count == 2: return .opened(try offsets(words[1]))
        case ("cursor", 0) where words.count == 2: return .cursor(try offsets(words[1]))
        case ("lost", 0): return .lost
        default: throw Strange(description: line)
        }
    }

    /// The offsets of a cursor of one topic; a client has no business with them, a check of the broker has.
    static func offsets(_ cursor: Substring) throws -> [Int64] {
        let parts = cursor.split(separator: ":")
        let offsets = parts.count == 2 ? parts[1].split(separator: ".").map { Int64($0) } : [nil]
        guard let known = offsets as? [Int64] else { throw Strange(description: "the cursor \(cursor)") }
        return known
    }
}
