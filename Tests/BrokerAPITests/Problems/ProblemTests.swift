import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct ProblemTests {
    @Test func everyCodeHasAnErrorStatusAndATitleOfItsOwn() {
        #expect(ProblemCode.allCases.allSatisfy { $0.status.code >= 400 && $0.status.code < 600 })
        #expect(Set(ProblemCode.allCases.map(\.title)).count == ProblemCode.allCases.count)
    }

    @Test func everyErrorOfTheEngineHasItsAnswer() {
        let topic = TopicName(internal: "orders")
        let partition = TopicPartition(topic, PartitionIndex(3))
        let group = GroupName(internal: "billing")
        let expected: [(BrokerError, Int, String)] = [
            (.topicNotFound(topic), 404, "topic-not-found"),
            (.partitionNotFound(partition, count: 2), 404, "partition-not-found"),
            (.topicDiffers(topic, details: "x"), 409, "conflict"),
            (.topicReplaced(topic), 410, "cursor-epoch-changed"),
            (.nameReserved("__x"), 400, "invalid-request"),
            (.invalid("x"), 400, "invalid-request"),
            (
                .offsetOutOfRange(partition, asked: Offset(9), logStart: Offset(1), visible: Offset(5)), 416,
                "offset-beyond-tail"
            ),
            (
                .offsetOutOfRange(partition, asked: Offset(0), logStart: Offset(1), visible: Offset(5)), 410,
                "cursor-expired"
            ),
            (.tooManyPartitions(count: 300, max: 256), 400, "too-many-partitions"),
            (.requestTooLarge(bytes: ByteCount(9), max: ByteCount(8)), 413, "request-too-large"),
            (.queueFull(retryAfterMilliseconds: 1), 429, "quota-exceeded"),
            (.expectedOffset(partition, expected: Offset(1), actual: Offset(2)), 412, "precondition-failed"),
            (.quarantined(partition, reason: "x"), 503, "partition-quarantined"),
            (.groupNotFound(group), 404, "group-not-found"),
            (.groupTopicsDiffer(group, topics: [topic]), 409, "group-topics-differ"),
            (.sessionExpired(group), 410, "session-expired"),
            (.groupFull(group, max: 5), 409, "group-full"),
            (.storageRefused("x"), 503, "storage-stalled"),
            (.corrupt("x"), 500, "corrupt"),
            (.outcomeUnknown("x"), 503, "outcome-unknown"),
            (.draining, 503, "draining"),
            (.unsupported("x"), 501, "not-implemented"),
        ]
        for (error, status, code) in expected {
            let problem = Problem(error)
            #expect(problem.code.rawValue == code)
            #expect(problem.code.status.code == status)
            #expect(problem.hasNoSideEffects == (code != "outcome-unknown"))
        }
    }

    @Test func aProblemHasTheMembersOfTheStandardAndItsOwn() async throws {
        let answer = await Harness().send(.get, "/v1/topics/orders")
        let json = try answer.json()
        #expect(json["type"] == .string("/problems/topic-not-found"))
        #expect(json["title"] == .string("The topic does not exist"))
        #expect(json["status"] == .integer(404))
        #expect(json["retryable"] == .bool(false))
        #expect(json["noSideEffects"] == .bool(true))
        #expect(json["create"]?["path"] == .string("/v1/topics/orders"))
        #expect(answer.headers[.contentType] == "application/problem+json")
    }

    @Test func whatAClientSentIsShownShortAndHarmless() {
        #expect(Problem.shown("a\nb\u{1b}") == "a\\nb\\u{1B}")
        #expect(Problem.shown(String(repeating: "x", count: 100)).count == 63)
    }
}
