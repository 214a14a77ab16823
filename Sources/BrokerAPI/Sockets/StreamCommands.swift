import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// Carries out the frames of a client, beside the stream that it gets.
struct StreamCommands: ClientCommands {
    /// A member of a group, for whom offsets can be committed.
    struct Membership: Sendable {
        let group: GroupName
        let member: String
        let principal: Principal
    }

    /// Where changes of the stream's credit are left; nil where there is nobody to take them.
    let inbox: CreditInbox?
    /// The broker.
    let engine: any BrokerEngine
    /// The member that the stream is; nil for a watch.
    let membership: Membership?

    func take(_ frame: ByteBuffer) async -> CommandAnswer {
        let command: SocketFrame
        do throws(Problem) {
            let namespace = membership?.group.namespace ?? .default
            command = try SocketFrame(frame, in: namespace, itemsMax: engine.limits.commitOffsetsMax)
        } catch {
            return .refuse(SocketText.error(error), closeCode: SocketText.closeCode(error.code.status.code))
        }
        switch command.operation {
        case .credit(let change):
            inbox?.put(change)
            return .nothing
        case .commit(let content):
            return .say(await commit(content, command))
        }
    }

    private func commit(_ content: CommitDocument.Content, _ command: SocketFrame) async -> ByteBuffer {
        guard let membership else {
            let problem = Problem.invalidRequest("this stream is no member of a group: there is nothing to commit")
            return SocketText.error(problem, of: command)
        }
        do throws(BrokerError) {
            let results = try await engine.commit(
                CommitOffsetsRequest(
                    group: membership.group,
                    member: membership.member,
                    principal: membership.principal,
                    items: content.items,
                    progress: content.progress,
                    release: content.release
                )
            )
            return SocketText.results(results, of: command)
        } catch {
            return SocketText.error(Problem(error), of: command)
        }
    }
}

/// What is said to a client beside the events of its stream, as JSON objects.
enum SocketText {
    /// The code with which a connection is closed for a problem: browsers cannot read a refused handshake.
    static func closeCode(_ status: Int) -> Int { 4000 + status }

    /// Tells what went wrong, and with which frame.
    static func error(_ problem: Problem, of command: SocketFrame? = nil) -> ByteBuffer {
        object("error", command) { json in
            json.key("problem")
            json.beginObject()
            problem.write(to: &json)
            json.endObject()
        }
    }

    /// Tells what became of each item of a frame.
    static func results(_ results: [CommitItemResult], of command: SocketFrame) -> ByteBuffer {
        object("result", command) { json in CommitText.write(results, to: &json) }
    }

    private static func object(
        _ type: String,
        _ command: SocketFrame?,
        _ fields: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string(type)
        if let command {
            json.key("op")
            json.string(command.name)
        }
        if let id = command?.id {
            json.key("id")
            json.integer(id)
        }
        fields(&json)
        json.endObject()
        return json.finish()
    }
}
