import Foundation
import Testing

extension EndToEndTests {
    /// Streams to `curl -N`, and how they end.
    @Suite struct StreamTests {
        @Test(.timeLimit(.minutes(5)))
        func terminationSaysGoodbye() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let events = "Accept: text/event-stream"
                let watch = try curl.open("/v1/topics/orders/records", "-H", events)
                let member = try curl.open("/v1/groups/billing/stream?topics=orders", "-H", events)
                let longPoll = try curl.open("/v1/topics/orders/records?from=latest&wait=60s")
                try await eventually("the streams are open") {
                    watch.outputText.contains("event: bookmark") && member.outputText.contains("event: assigned")
                }

                #expect(try await broker.stop() == .status(0))
                for stream in [watch, member, longPoll] {
                    #expect(try await stream.ended() == .status(0), "\(stream.errorText)")
                }
                for stream in [watch, member] {
                    let text = stream.outputText
                    #expect(text.contains("event: goodbye\n"), "\(text)")
                    #expect(text.contains(#""reason":"drain","reconnect":true"#), "\(text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func sessionTakenOverByAnotherConnection() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let path = "/v1/groups/billing/stream"
                let first = try curl.open(path + "?topics=orders")
                try await eventually("the first has the partition") { first.outputText.contains(#""assigned""#) }
                let session = try #require(Self.header("Group-Session", of: first))

                let second = try curl.open(path + "?session=\(session)")
                #expect(try await first.ended() == .status(0))
                #expect(first.outputText.contains(#""reason":"fenced","reconnect":false"#), "\(first.outputText)")
                #expect(Self.header("Group-Member", of: second) == Self.header("Group-Member", of: first))

                let record = #"{"records":[{"key":"u1","value":{"state":"placed"}}]}"#
                #expect(try await curl.send("POST", "/v1/topics/orders/records", json: record).status == 200)
                try await eventually("the second gets the record") { second.outputText.contains(#""state":"placed""#) }
                #expect(!first.outputText.contains("placed"))
                try await Self.commit(curl, session, second)
            }
        }

        /// A body on a stream's request, in either form, is refused, and the broker goes on.
        @Test(.timeLimit(.minutes(5)))
        func bodiesOnStreamsAreRefused() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let streams = ["/v1/topics/orders/records?watch=true", "/v1/groups/billing/stream?topics=orders"]
                for path in streams {
                    for form in ["Transfer-Encoding: chunked", "Content-Type: text/plain"] {
                        let answer = try await curl.send(path, "-X", "GET", "-H", form, "--data-binary", "abc")
                        #expect(answer.status == 400, "\(path) \(form)")
                        #expect(try answer.problem().detail.contains("takes no body"))
                    }
                }
                #expect(try await curl.send("/healthz").status == 200)
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// The same session commits; a commit under an epoch that is not current, or beyond the tail, changes nothing.
        private static func commit(_ curl: Curl, _ session: String, _ member: Child) async throws {
            let found = try #require(member.outputText.firstMatch(of: /"epoch":(\d+)/))
            let epoch = try #require(Int(found.output.1))
            func document(_ offset: Int, _ epoch: Int) -> String {
                #"{"session":"\#(session)","offsets":["#
                    + #"{"topic":"orders","partition":0,"offset":\#(offset),"epoch":\#(epoch)}]}"#
            }
            let commits = "/v1/groups/billing/commits"
            let stale = try await curl.send("POST", commits, json: document(1, epoch + 1))
            #expect(stale.status == 409)
            #expect(try stale.problem().code == "fenced")
            let beyond = try await curl.send("POST", commits, json: document(2, epoch))
            #expect((400..<500).contains(beyond.status))
            #expect(try beyond.problem().code == "offset-beyond-tail")
            #expect(try await curl.send("/v1/groups/billing/lag").body.contains(#""lag":1"#))
            #expect(try await curl.send("POST", commits, json: document(1, epoch)).status == 200)
            #expect(try await curl.send("/v1/groups/billing/lag").body.contains(#""lag":0"#))
        }

        private static func header(_ name: String, of stream: Child) -> String? {
            let head = stream.outputText.components(separatedBy: "\r\n\r\n")[0]
            let line = head.components(separatedBy: "\r\n").first { line in
                line.lowercased().hasPrefix(name.lowercased() + ": ")
            }
            return line.map { String($0.dropFirst(name.count + 2)) }
        }
    }
}
