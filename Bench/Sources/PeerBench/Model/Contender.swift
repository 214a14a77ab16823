/// What an answer promises.
enum Durability: String, Codable, Sendable {
    /// On stable storage.
    case flushed
    /// In the system's cache: a crash of the machine may take it back.
    case written
    /// In memory alone.
    case memory = "memory only"
    /// No server: what the disk can do.
    case limit
    /// Reads promise nothing new.
    case none = "-"
}

/// Somebody who does a row's work: how it is set up, and one round of it.
struct Contender: Sendable {
    let name: String
    let durability: Durability
    /// How it is set up, in words.
    let setup: String
    /// Does the work once, with servers and files of its own, and cleans up.
    let measure: @Sendable (Workshop) throws -> Measurement
}

/// The work of one row of the table, and those who do it side by side.
struct Row: Sendable {
    /// Of its file of results, too.
    let name: String
    let title: String
    /// What everybody does, in a sentence or two.
    let work: String
    /// What bounds it: a goal past that only invites tricks.
    let ceiling: String
    /// They take turns, round by round.
    let contenders: [Contender]
    let goals: [Goal]
    /// More rounds than this are not for a quick run.
    var quickRoundsMax = 3
}
