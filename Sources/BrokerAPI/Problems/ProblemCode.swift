import HTTPTypes

/// The stable names of everything that can go wrong; clients branch on them, people read the detail.
enum ProblemCode: String, Hashable, Sendable, CaseIterable {
    case invalidRequest = "invalid-request"
    case invalidCursor = "invalid-cursor"
    case invalidFilter = "invalid-filter"
    case filterTooLarge = "filter-too-large"
    case invalidFields = "invalid-fields"
    case fieldsTooLarge = "fields-too-large"
    case invalidSelector = "invalid-selector"
    case selectorTooLarge = "selector-too-large"
    case headerReserved = "header-reserved"
    case keyMissing = "key-missing"
    case keyElsewhere = "key-elsewhere"
    case tooManyPartitions = "too-many-partitions"
    case invalidSession = "invalid-session"
    case noSuchPath = "not-found"
    case originNotAllowed = "origin-not-allowed"
    case topicNotFound = "topic-not-found"
    case partitionNotFound = "partition-not-found"
    case groupNotFound = "group-not-found"
    case collectionNotFound = "collection-not-found"
    case itemNotFound = "item-not-found"
    case methodNotAllowed = "method-not-allowed"
    case framingNotSupported = "framing-not-supported"
    case upgradeRequired = "upgrade-required"
    case conflict
    case fenced
    case aheadOfDelivery = "ahead-of-delivery"
    case notShared = "partition-not-shared"
    case groupTopicsDiffer = "group-topics-differ"
    case groupFull = "group-full"
    case groupHasMembers = "group-has-members"
    case tooManyKeptTopics = "too-many-kept-topics"
    case tooManyResets = "too-many-resets"
    case pollSuperseded = "poll-superseded"
    case memberConnected = "member-connected"
    case metadataTooLarge = "metadata-too-large"
    case cursorExpired = "cursor-expired"
    case cursorEpochChanged = "cursor-epoch-changed"
    case listExpired = "list-expired"
    case versionExpired = "version-expired"
    case versionAhead = "version-ahead"
    case sessionExpired = "session-expired"
    case producerFenced = "producer-fenced"
    case producerSequenceGap = "producer-sequence-gap"
    case duplicateUnknown = "duplicate-unknown"
    case idempotencyKeyReused = "idempotency-key-reused"
    case tooManyProducers = "too-many-producers"
    case preconditionFailed = "precondition-failed"
    case versionConflict = "version-conflict"
    case patchFailed = "patch-failed"
    case recordTooLarge = "record-too-large"
    case headersTooLarge = "headers-too-large"
    case bodyTooLarge = "body-too-large"
    case lineTooLarge = "line-too-large"
    case streamIdle = "stream-idle"
    case tooManyRecords = "too-many-records"
    case requestTooLarge = "request-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case offsetBeyondTail = "offset-beyond-tail"
    case quotaExceeded = "quota-exceeded"
    case tooManyBodies = "too-many-bodies"
    case tooManyStreams = "too-many-streams"
    case internalError = "internal-error"
    case corrupt
    case notImplemented = "not-implemented"
    case draining
    case starting
    case insufficientStorage = "insufficient-storage"
    case storageStalled = "storage-stalled"
    case outcomeUnknown = "outcome-unknown"
    case tooContended = "too-contended"
    case partitionQuarantined = "partition-quarantined"

    /// The status that goes with it.
    var status: HTTPResponse.Status { Self.table(self).status }
    /// A short text that is the same each time.
    var title: String { Self.table(self).title }
    /// Whether the same request may succeed later without a change.
    var isRetryable: Bool {
        switch self {
        case .quotaExceeded, .tooManyBodies, .tooManyStreams, .draining, .starting, .storageStalled,
            .insufficientStorage, .outcomeUnknown, .tooManyProducers, .tooManyResets,
            .tooContended, .streamIdle:
            true
        default: false
        }
    }

    private static func table(_ code: ProblemCode) -> (status: HTTPResponse.Status, title: String) {
        switch code {
        case .invalidRequest: (.badRequest, "The request is not valid")
        case .invalidCursor: (.badRequest, "The cursor is not valid here")
        case .invalidFilter: (.badRequest, "The filter cannot be read")
        case .filterTooLarge: (.badRequest, "The filter is too large")
        case .invalidFields: (.badRequest, "The list of fields cannot be read")
        case .fieldsTooLarge: (.badRequest, "The list of fields is too large")
        case .invalidSelector: (.badRequest, "The selector cannot be read")
        case .selectorTooLarge: (.badRequest, "The selector is too large")
        case .headerReserved: (.badRequest, "The record header is reserved")
        case .keyMissing: (.badRequest, "A record has no key")
        case .keyElsewhere: (.badRequest, "The key belongs to another partition")
        case .tooManyPartitions: (.badRequest, "One read covers too many partitions")
        case .invalidSession: (.badRequest, "The session token is not valid")
        case .noSuchPath: (.notFound, "There is nothing at this path")
        case .originNotAllowed: (.forbidden, "Pages of this origin may not use the broker")
        case .topicNotFound: (.notFound, "The topic does not exist")
        case .partitionNotFound: (.notFound, "The partition does not exist")
        case .groupNotFound: (.notFound, "The group does not exist")
        case .collectionNotFound: (.notFound, "The topic is no collection")
        case .itemNotFound: (.notFound, "The item does not exist")
        case .methodNotAllowed: (.methodNotAllowed, "The path does not take this method")
        case .framingNotSupported: (.notAcceptable, "The answer is not available in this framing")
        case .upgradeRequired:
            (
                HTTPResponse.Status(code: 426, reasonPhrase: "Upgrade Required"),
                "The handshake is not one of a WebSocket"
            )
        case .conflict: (.conflict, "It exists with other settings")
        case .fenced: (.conflict, "The partition is not the member's under that epoch")
        case .aheadOfDelivery: (.conflict, "The offset lies beyond what was delivered")
        case .notShared: (.conflict, "The group does not share the partition")
        case .groupTopicsDiffer: (.conflict, "The group shares other topics")
        case .groupFull: (.conflict, "The group has no room for another member")
        case .groupHasMembers: (.conflict, "The group has members")
        case .tooManyKeptTopics: (.conflict, "The group keeps the commits of too many dropped topics")
        case .pollSuperseded: (.conflict, "Another request has taken this one's place")
        case .memberConnected: (.conflict, "The member is there by a connection")
        case .tooManyResets: (.tooManyRequests, "Too many resets wait for their offsets")
        case .metadataTooLarge: (.contentTooLarge, "The metadata of a commit is too large")
        case .cursorExpired: (.gone, "The records at the cursor are no longer kept")
        case .cursorEpochChanged: (.gone, "The topic was created anew since the cursor was made")
        case .listExpired: (.gone, "The list is over")
        case .versionExpired: (.gone, "The changes from the version on are not all kept")
        case .sessionExpired: (.gone, "The session has ended")
        case .producerFenced: (.forbidden, "A later epoch of the producer is in force")
        case .producerSequenceGap: (.conflict, "The request is not the producer's next one")
        case .duplicateUnknown: (.conflict, "It cannot be told where the request was stored")
        case .idempotencyKeyReused: (.unprocessableContent, "The sequence was used for other records")
        case .tooManyProducers: (.tooManyRequests, "No further producer can be remembered now")
        case .preconditionFailed: (.preconditionFailed, "The partition does not end where it should")
        case .versionConflict: (.preconditionFailed, "The item has another version")
        case .patchFailed: (.unprocessableContent, "The patch does not apply")
        case .recordTooLarge: (.contentTooLarge, "A record is too large")
        case .headersTooLarge: (.contentTooLarge, "A record has too many or too large headers")
        case .bodyTooLarge: (.contentTooLarge, "The body is too large")
        case .lineTooLarge: (.contentTooLarge, "A line is too large")
        case .streamIdle: (.requestTimeout, "Nothing came for too long")
        case .tooManyRecords: (.contentTooLarge, "The request has too many records")
        case .requestTooLarge: (.contentTooLarge, "The records do not fit one atomic write")
        case .unsupportedMediaType: (.unsupportedMediaType, "The body's encoding is not supported")
        case .offsetBeyondTail: (.rangeNotSatisfiable, "The offset lies beyond the end")
        case .versionAhead: (.rangeNotSatisfiable, "The version is not there yet")
        case .quotaExceeded: (.tooManyRequests, "The broker has no room for this now")
        case .tooManyBodies: (.tooManyRequests, "Too many bodies are coming in")
        case .tooManyStreams: (.tooManyRequests, "Too many streams are open")
        case .internalError: (.internalServerError, "The broker failed")
        case .corrupt: (.internalServerError, "Stored bytes are damaged")
        case .notImplemented: (.notImplemented, "This broker cannot do that")
        case .draining: (.serviceUnavailable, "The broker is going away")
        case .starting: (.serviceUnavailable, "The broker is starting")
        case .insufficientStorage:
            (HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "The volume is full")
        case .storageStalled: (.serviceUnavailable, "The storage takes no writes")
        case .outcomeUnknown: (.serviceUnavailable, "It is not known whether the request was stored")
        case .tooContended: (.serviceUnavailable, "Others were always faster")
        case .partitionQuarantined: (.serviceUnavailable, "The partition is set aside")
        }
    }
}
