import BrokerCore
import NIOCore
import RecordFormat

/// What the lines of a streamed body go through, as a value: they gather while those before them are appended, and are told
/// when they are on stable storage.
///
/// One append is under way at a time. So the order of the lines is that of their offsets, and when an append is refused
/// nothing behind it is stored.
struct LineFlow: Sendable {
    /// Why a stream ends.
    enum Ending: Sendable {
        /// The body is over.
        case end
        /// The body was broken off.
        case halfClosed
        /// The broker goes away.
        case drain
        /// The client's own time is over.
        case timeout
        /// The client takes nothing of what it is sent.
        case slow
        /// Something is wrong.
        case failed(Problem)
    }

    /// Whether lines may be read now.
    enum Turn {
        /// Into this group, or into a new one.
        case read(LineGroup?)
        /// When there is room.
        case wait
        /// No more.
        case over
    }

    /// What there is to send.
    enum Output {
        case write(ByteBuffer)
        /// Nothing yet; when the stream is ending only an append is waited for.
        case wait(isEnding: Bool)
        case finish
    }

    /// Whether an append is under way.
    private(set) var isAppending = false
    /// Why the stream ends, once it does.
    private(set) var ending: Ending?

    private var receipts: ReceiptQueue
    /// Lines that wait for their append.
    private var gathered: LineGroup?
    /// Whether somebody reads lines into the group now.
    private var isReading = false
    /// Whether an append was refused.
    private var isBroken = false
    private var isFarewellSaid = false
    private var storedLines = 0
    private var storedCount = 0

    /// A flow that has not begun.
    init(_ receipts: ReceiptQueue) {
        self.receipts = receipts
    }

    // MARK: Lines

    /// Asks for a group to read lines into.
    mutating func beginReading() -> Turn {
        guard ending == nil else { return .over }
        if gathered?.isFull == true || receipts.isFull { return .wait }
        isReading = true
        defer { gathered = nil }
        return .read(gathered)
    }

    /// Gives the group back; answers whether appending has to begin.
    ///
    /// - Parameter end: why no more is read, if so.
    mutating func endReading(_ group: LineGroup?, _ end: Ending? = nil) -> Bool {
        isReading = false
        guard !isBroken else { return false }
        gathered = group
        if ending == nil { ending = end }
        guard !isAppending, let group, group.recordCount > 0 else { return false }
        isAppending = true
        return true
    }

    /// Ends the stream, unless it ends already; what has gathered is still appended.
    mutating func end(_ reason: Ending) {
        if ending == nil { ending = reason }
    }

    // MARK: Appends

    /// What to append next; nil ends appending until somebody has read more.
    mutating func beginAppend() -> LineGroup? {
        guard let group = gathered, group.recordCount > 0 else {
            isAppending = false
            return nil
        }
        gathered = nil
        return group
    }

    /// An append has ended.
    mutating func endAppend(of group: LineGroup, _ outcome: Result<[AppendReceipt], Problem>) {
        switch outcome {
        case .success(let stored):
            receipts.add(LineReceipt(group, stored))
            storedLines = group.lastLine
            storedCount += group.recordCount
        case .failure(var problem):
            isBroken = true
            gathered = nil
            problem.members.append(Problem.Member("line", .integer(Int64(group.firstLine))))
            ending = .failed(problem)
        }
    }

    // MARK: Output

    /// What to send now.
    mutating func output() -> Output {
        var lines = LineWriter()
        if !receipts.isEmpty {
            receipts.take(into: &lines)
            return .write(lines.bytes)
        }
        guard let ending, !isAppending, !isReading else { return .wait(isEnding: ending != nil) }
        guard !isFarewellSaid else { return .finish }
        // Blank lines behind the last record.
        if let gathered { storedLines = gathered.lastLine }
        sayFarewell(ending, to: &lines)
        return .write(lines.bytes)
    }

    /// Ends the stream at once for what its client does; nil when its goodbye was said.
    mutating func leave(_ reason: Ending) -> ByteBuffer? {
        guard !isFarewellSaid else { return nil }
        ending = reason
        gathered = nil
        isBroken = true
        var lines = LineWriter()
        receipts.take(into: &lines)
        sayFarewell(reason, to: &lines)
        return lines.bytes
    }

    private mutating func sayFarewell(_ ending: Ending, to lines: inout LineWriter) {
        isFarewellSaid = true
        if case .failed(var problem) = ending {
            problem.hasNoSideEffects = problem.hasNoSideEffects && storedCount == 0
            lines.write("error") { json in
                json.key("problem")
                json.beginObject()
                problem.write(to: &json)
                json.endObject()
            }
        }
        lines.write("goodbye") { json in
            StreamEvent.goodbye(
                reason: ending.name,
                reconnect: ending.asksForReconnect,
                retryAfterMilliseconds: ending.retryAfterMilliseconds
            ).write(to: &json)
            json.key("lines")
            json.integer(storedLines)
            json.key("count")
            json.integer(storedCount)
        }
    }
}

extension LineFlow.Ending {
    /// The reason of the goodbye.
    fileprivate var name: String {
        switch self {
        case .end: "end"
        case .halfClosed: StreamLeave.halfClosed.rawValue
        case .drain: "drain"
        case .timeout: "timeout"
        case .slow: StreamLeave.slow.rawValue
        case .failed: "error"
        }
    }

    fileprivate var asksForReconnect: Bool {
        switch self {
        case .end, .halfClosed: false
        case .drain, .timeout, .slow: true
        case .failed(let problem): problem.code.isRetryable
        }
    }

    fileprivate var retryAfterMilliseconds: Int64 {
        guard asksForReconnect else { return 0 }
        if case .failed(let problem) = self {
            for member in problem.members where member.name == "retryAfterMs" {
                if case .integer(let milliseconds) = member.value { return milliseconds }
            }
        }
        return 250
    }
}
