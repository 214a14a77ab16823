import NIOCore

/// Reads the lines of a streamed body as they come.
struct LineSink: APIBodySink {
    private let exchange: LineExchange
    private var lines: StreamedLines

    /// A sink that has taken nothing.
    init(_ exchange: LineExchange, _ lines: StreamedLines) {
        self.exchange = exchange
        self.lines = lines
    }

    mutating func take(_ bytes: ByteBuffer) async -> Bool {
        guard await exchange.hold(bytes.readableBytes) else { return false }
        lines.append(bytes)
        guard await read(isLast: false) else { return false }
        exchange.listen()
        return true
    }

    mutating func end(isWhole: Bool) async {
        // What stands behind the last line break of a body that was broken off is no line.
        if isWhole { _ = await read(isLast: true) }
        exchange.end(isWhole ? .end : .halfClosed)
    }

    /// Reads what has come whole; false when no more is wanted.
    private mutating func read(isLast: Bool) async -> Bool {
        var hasAll = false
        while !hasAll {
            guard var group = await exchange.beginReading(firstLine: lines.lineCount + 1) else { return false }
            do throws(Problem) {
                hasAll = try lines.read(into: &group, isLast: isLast)
                exchange.endReading(group)
            } catch {
                exchange.endReading(group, .failed(error))
                return false
            }
        }
        return true
    }
}
