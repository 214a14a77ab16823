import BrokerCore
import RecordFormat

/// What a list or a watch of a collection is asked for: the parameters that Kubernetes has for both, checked as it checks
/// them (`ValidateListOptions`).
struct CollectionOptions: Sendable {
    /// Where a watch begins.
    enum Start: Hashable, Sendable {
        /// With the state as it is, told as items that were added; then with what changes.
        ///
        /// - Parameter isMarked: whether a bookmark says where the state ends.
        case state(isMarked: Bool)
        /// With the changes after a version.
        case version(String)
        /// With the changes from now on.
        case now

        /// Whether it is the state.
        var isState: Bool { if case .state = self { true } else { false } }
    }

    /// Where a watch begins.
    let start: Start
    /// The version that the answer must not be older than.
    let notBefore: String?
    /// Whether a list must have that version, and no later one.
    let isExact: Bool
    /// Whether a watch tells bookmarks.
    let hasBookmarks: Bool
    /// How long a watch lasts.
    let timeoutMilliseconds: Int64?
    /// Which items are wanted; nil is all of them.
    let selector: ItemSelector?

    /// Reads a query.
    ///
    /// - Parameter hasBookmarks: whether a watch tells bookmarks where it is not said.
    /// - Parameter constants: fields that are the same for all items, and their values.
    init(
        _ query: QueryParameters,
        isWatch: Bool,
        hasBookmarks: Bool,
        constants: [String: String] = [:],
        limits: Limits
    ) throws(Problem) {
        let given = query["resourceVersion"].flatMap { $0.isEmpty ? nil : $0 }
        let match = query["resourceVersionMatch"].flatMap { $0.isEmpty ? nil : $0 }
        let initial = try query.bool("sendInitialEvents")
        try Self.check(match, given, initial, isContinued: query["continue"] != nil, isWatch: isWatch)
        // Zero is any version: the state is always the newest.
        let version = given == "0" ? nil : given
        notBefore = version
        isExact = match == "Exact"
        switch (initial, version) {
        case (true, _): start = .state(isMarked: true)
        case (_, .some(let version)): start = .version(version)
        case (false, nil): start = .now
        case (nil, nil): start = .state(isMarked: false)
        }
        self.hasBookmarks = try query.bool("allowWatchBookmarks") ?? hasBookmarks
        let seconds = try query.integer("timeoutSeconds", in: 0...Int64(Int32.max))
        timeoutMilliseconds = seconds.flatMap { $0 == 0 ? nil : $0 * 1000 }
        selector = try ItemSelector(query, constants: constants, limits: limits)
    }

    private static func check(
        _ match: String?,
        _ version: String?,
        _ initial: Bool?,
        isContinued: Bool,
        isWatch: Bool
    ) throws(Problem) {
        if let match, match != "NotOlderThan", match != "Exact" || isWatch {
            let known = isWatch ? "NotOlderThan" : "NotOlderThan or Exact"
            throw .invalidRequest("resourceVersionMatch is \(known), not \"\(Problem.shown(match))\"")
        }
        if match != nil, isContinued {
            throw .invalidRequest("resourceVersionMatch= does not go with continue=, which names a list of one version")
        }
        if isWatch { return try checkWatch(match, initial) }
        if initial != nil { throw .invalidRequest("sendInitialEvents= is for a watch, and a list is all initial") }
        if match != nil, version == nil {
            throw .invalidRequest("resourceVersionMatch= needs a resourceVersion=")
        }
        if match == "Exact", version == "0" {
            throw .invalidRequest("resourceVersionMatch=Exact does not go with resourceVersion=0, which is any")
        }
        if version != nil, version != "0", isContinued {
            throw .invalidRequest("resourceVersion= does not go with continue=, which names a list of one version")
        }
    }

    private static func checkWatch(_ match: String?, _ initial: Bool?) throws(Problem) {
        if initial != nil, match == nil {
            throw .invalidRequest("sendInitialEvents= needs resourceVersionMatch=NotOlderThan")
        }
        if initial == nil, match != nil {
            throw .invalidRequest("resourceVersionMatch= of a watch needs sendInitialEvents=")
        }
    }
}
