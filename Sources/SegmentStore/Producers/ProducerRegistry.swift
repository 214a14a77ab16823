import RecordFormat

/// The numbers of producers' names.
///
/// A name gets a number when its first request is made, and keeps it in memory; it is registered, and so durable, in the
/// frame of the first batch that carries the number. A number is never given out twice: batches of a name that is forgotten
/// stay in the logs.
///
/// A pure value; the file is drawn in ProducerRegistry+File.swift.
struct ProducerRegistry: Hashable, Sendable {
    /// A name and its number.
    struct Entry: Hashable, Sendable {
        let name: ProducerName
        /// Whether the number stands in a frame or in the file.
        var isRegistered: Bool
        var lastUsed: Timestamp
    }

    /// The number that the next name gets.
    private(set) var next: Int64
    /// The same as the file says it: a number that is given and not registered is nobody's after a restart.
    private(set) var savedNext: Int64
    private(set) var entries: [Int64: Entry] = [:]
    private var numbers: [ProducerName: Int64] = [:]
    /// Whether the file does not say what is said here.
    private(set) var isChanged = false
    /// Whether a name was used since the file was written.
    private var isUsed = false
    private var savedAt: Timestamp

    init(next: Int64 = ProducerRequest.numberMin, savedAt: Timestamp) {
        self.next = next
        savedNext = next
        self.savedAt = savedAt
    }

    /// How many names have a number.
    var count: Int { entries.count }

    func number(of name: ProducerName) -> Int64? { numbers[name] }

    func isRegistered(_ number: Int64) -> Bool { entries[number]?.isRegistered ?? false }

    func holds(_ number: Int64) -> Bool { entries[number] != nil }

    /// Gives a new name its number.
    mutating func give(_ name: ProducerName, at now: Timestamp) -> Int64 {
        precondition(numbers[name] == nil, "a name gets a second number")
        let number = next
        next += 1
        entries[number] = Entry(name: name, isRegistered: false, lastUsed: now)
        numbers[name] = number
        return number
    }

    /// Takes a name over from the file.
    mutating func restore(_ number: Int64, _ name: ProducerName, lastUsed: Timestamp) {
        entries[number] = Entry(name: name, isRegistered: true, lastUsed: lastUsed)
        numbers[name] = number
    }

    mutating func touch(_ number: Int64, at now: Timestamp) {
        entries[number]?.lastUsed = now
        isUsed = true
    }

    /// Notes that a number's registration is on stable storage.
    ///
    /// At a start it may replace a former number of its name, which had expired before the name came back.
    mutating func register(_ number: Int64, _ name: ProducerName, at now: Timestamp) {
        if let former = numbers[name], former != number { entries[former] = nil }
        numbers[name] = number
        var entry = entries[number] ?? Entry(name: name, isRegistered: true, lastUsed: now)
        entry.isRegistered = true
        entries[number] = entry
        next = max(next, number + 1)
        isChanged = true
    }

    /// Forgets names that were idle for too long, and numbers whose first request was never stored.
    ///
    /// - Returns: the numbers that are forgotten.
    mutating func expire(at now: Timestamp, idleMaxMilliseconds: Int64) -> [Int64] {
        var expired: [Int64] = []
        for (number, entry) in entries {
            let idle = now.millisecondsSinceEpoch - entry.lastUsed.millisecondsSinceEpoch
            guard idle >= (entry.isRegistered ? idleMaxMilliseconds : Self.unusedMaxMilliseconds) else { continue }
            expired.append(number)
            if entry.isRegistered { isChanged = true }
        }
        for number in expired {
            if let name = entries.removeValue(forKey: number)?.name { numbers[name] = nil }
        }
        return expired
    }

    /// A number whose request was refused is kept so long, far longer than a request can be on its way.
    static let unusedMaxMilliseconds: Int64 = 10 * 60 * 1000

    /// What the file is to say, when it does not say so yet; from now on it counts as written.
    ///
    /// Uses alone are worth a new file now and then, so that the idle times in it are off by little.
    mutating func takeChanges(at now: Timestamp, idleMaxMilliseconds: Int64) -> ProducerRegistry? {
        let age = now.millisecondsSinceEpoch - savedAt.millisecondsSinceEpoch
        guard isChanged || (isUsed && age > idleMaxMilliseconds / 8) else { return nil }
        isChanged = false
        isUsed = false
        savedNext = next
        savedAt = now
        return self
    }

    /// What was taken was not written after all.
    mutating func noteUnsaved() {
        isChanged = true
    }
}
