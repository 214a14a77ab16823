public import NIOCore

/// What a client may say while its stream runs, on a transport that lets it.
public protocol ClientCommands: Sendable {
    /// Takes one frame, and answers it when what it asks for is done.
    func take(_ frame: ByteBuffer) async -> CommandAnswer
}

/// What is said to a client's frame.
public enum CommandAnswer: Sendable {
    /// Nothing: it shows in the stream.
    case nothing
    /// This JSON object.
    case say(ByteBuffer)
    /// This JSON object, and then the connection is closed with a code.
    case refuse(ByteBuffer, closeCode: Int)
}

/// How a conversation over a connection that both sides speak on begins.
public enum APIConversation: Sendable {
    /// With a stream whose lines are the broker's frames, and whose commands take the client's.
    case open(any APIStream)
    /// With this JSON object, and then the connection is closed with a code.
    case refused(ByteBuffer, closeCode: Int)
}
