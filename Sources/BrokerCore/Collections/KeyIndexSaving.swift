import RecordFormat

/// When an index is to be written down again: so that what a start has to read is bounded, and the writing costs little
/// beside the records that were written meanwhile.
struct KeyIndexSaving: Sendable {
    /// What was written down last, or is written down as found; nil when nothing was.
    private var savedVersion: Offset?
    /// How large that is.
    private var savedBytes = 0
    /// How much of the log was applied since the last attempt.
    private var appliedBytes = 0
    private var isSaving = false
    /// Whether what is being written is of an index that was thrown away.
    private var isOutdated = false

    /// Notes what was found written down.
    mutating func noteLoaded(_ snapshot: KeyIndexSnapshot) {
        savedVersion = snapshot.version
        savedBytes = snapshot.bytes
    }

    /// What is written down is wrong.
    mutating func forget() {
        savedVersion = nil
        isOutdated = isSaving
    }

    /// Notes how much of the log was applied.
    mutating func note(_ bytes: Int) {
        appliedBytes += bytes
    }

    /// Whether it is time: so much, and four times what is to be written, was applied.
    ///
    /// - Parameter bytesMin: zero where whatever has changed is to be written.
    func isDue(at version: Offset, after bytesMin: ByteCount) -> Bool {
        guard !isSaving, version != savedVersion else { return false }
        return bytesMin == .zero || appliedBytes >= max(bytesMin.value, 4 * savedBytes)
    }

    mutating func begin() {
        isSaving = true
        appliedBytes = 0
    }

    mutating func end(_ snapshot: KeyIndexSnapshot, isSaved: Bool) {
        defer { (isSaving, isOutdated) = (false, false) }
        guard isSaved, !isOutdated else { return }
        savedVersion = snapshot.version
        savedBytes = snapshot.bytes
    }
}
