import NIOCore

/// A part of a value: what some pointers name, at its place, and nothing else.
///
///     /state,/customer/name,/items/1/sku of {"state":"paid","customer":{"name":"A","zip":"1"},"items":[{},{"sku":"x","n":2}]}
///     is                                    {"state":"paid","customer":{"name":"A"},"items":[null,{"sku":"x"}]}
///
/// Each pointer that names something in the value names the same in the projection. So elements of an array keep their
/// index: null stands for those before that were not asked for, and what follows the last one asked for is left out.
/// What is not there is left out, and with it every container in which nothing was found, but for the outermost. A value
/// that is neither an object nor an array stays as it is. Members come in the order in which they were asked for; of those
/// with the same name the last counts, as it does for pointers.
///
/// The parts are spliced: bytes of the value as they stand there. Nothing is allocated but room in the buffer; the outcome
/// is at most three times as large as the value, and the names asked for.
public struct JSONProjection: Sendable {
    private struct Node: Sendable {
        /// The name in UTF-8.
        let name: [UInt8]
        /// The same as an array index, if it is one.
        let index: Int?
        /// The name as a member begins: quoted, and with its colon.
        let opening: ByteBuffer
        /// What of it is asked for; empty when it is all.
        var children: [Node] = []
        /// Whether it is asked for whole.
        var isWhole = false

        init(name: [UInt8], index: Int?) {
            self.name = name
            self.index = index
            var opening = ByteBuffer()
            name.withUnsafeBytes { JSONString.encode($0, into: &opening) }
            opening.writeStaticString(":")
            self.opening = opening
        }

        mutating func insert(_ steps: ArraySlice<JSONPointer.Token>) {
            guard let step = steps.first else { return isWhole = true }
            guard let known = children.firstIndex(where: { $0.name == step.name }) else {
                var child = Node(name: step.name, index: step.index)
                child.insert(steps.dropFirst())
                return children.append(child)
            }
            children[known].insert(steps.dropFirst())
        }
    }

    private var root = Node(name: [], index: nil)

    /// The projection to what these pointers name.
    public init(_ pointers: [JSONPointer]) {
        for pointer in pointers { root.insert(pointer.tokens[...]) }
    }

    /// Appends the projection of a valid value.
    public func write(_ bytes: UnsafeRawBufferPointer, value: Range<Int>, into buffer: inout ByteBuffer) {
        var cursor = JSONCursor(bytes, value: value)
        let kind = cursor.kind
        let place = cursor.takeValue()
        if Self.write(root, bytes, place, into: &buffer) { return }
        switch kind {
        case .object: buffer.writeStaticString("{}")
        case .array: buffer.writeStaticString("[]")
        default: buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[place]))
        }
    }

    /// Appends what is asked for of the value at `place`; false, and nothing appended, when there is nothing of it.
    private static func write(
        _ node: Node,
        _ bytes: UnsafeRawBufferPointer,
        _ place: Range<Int>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        // An empty place is the mark of a document that was not valid.
        guard !place.isEmpty else { return false }
        if node.isWhole {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[place]))
            return true
        }
        let start = buffer.writerIndex
        let isFound: Bool
        switch bytes[place.lowerBound] {
        case ASCII.openBrace: isFound = writeObject(node.children, bytes, place, into: &buffer)
        case ASCII.openBracket: isFound = writeArray(node.children, bytes, place, into: &buffer)
        default: isFound = false
        }
        if !isFound { buffer.moveWriterIndex(to: start) }
        return isFound
    }

    private static func writeObject(
        _ children: [Node],
        _ bytes: UnsafeRawBufferPointer,
        _ object: Range<Int>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: children.count) { places in
            places.initialize(repeating: 0..<0)
            forEachField(in: bytes, object: object) { name, value in
                let raw = UnsafeRawBufferPointer(rebasing: bytes[name])
                let index = children.firstIndex { child in
                    child.name.withUnsafeBytes { JSONString.equals(raw, utf8: $0) }
                }
                if let index { places[index] = value }
                return true
            }
            var isFound = false
            for index in children.indices where !places[index].isEmpty {
                let before = buffer.writerIndex
                buffer.writeStaticString(isFound ? "," : "{")
                buffer.writeImmutableBuffer(children[index].opening)
                if write(children[index], bytes, places[index], into: &buffer) {
                    isFound = true
                } else {
                    buffer.moveWriterIndex(to: before)
                }
            }
            if isFound { buffer.writeStaticString("}") }
            return isFound
        }
    }

    private static func writeArray(
        _ children: [Node],
        _ bytes: UnsafeRawBufferPointer,
        _ array: Range<Int>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        guard let last = children.lazy.compactMap(\.index).max() else { return false }
        var position = 0
        var count = 0
        forEachElement(in: bytes, array: array) { value in
            if let child = children.first(where: { $0.index == position }) {
                let before = buffer.writerIndex
                for filler in count..<position { buffer.writeStaticString(filler == 0 ? "[null" : ",null") }
                buffer.writeStaticString(position == 0 ? "[" : ",")
                if write(child, bytes, value, into: &buffer) {
                    count = position + 1
                } else {
                    buffer.moveWriterIndex(to: before)
                }
            }
            position += 1
            return position <= last
        }
        if count > 0 { buffer.writeStaticString("]") }
        return count > 0
    }
}
