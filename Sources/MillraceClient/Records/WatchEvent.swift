/// What a watch brings.
public enum WatchEvent: Sendable {
    /// The stream is open; also after a reconnect.
    case connected
    /// A record.
    case record(ReceivedRecord)
    /// Where the stream stands.
    case bookmark(Bookmark)
    /// Records were lost to retention before they were read.
    case gap(Gap)
    /// The server ends the stream; the watch reconnects by itself when asked to.
    case goodbye(Goodbye)
    /// The connection broke; the watch reconnects after the delay.
    case disconnected(MillraceError, retryAfter: Duration)
    /// An event that this version does not know, by its type.
    case other(String)
}
