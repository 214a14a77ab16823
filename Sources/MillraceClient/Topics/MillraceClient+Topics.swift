extension MillraceClient {
    /// Creates a topic; does nothing when it is there with the same settings.
    ///
    /// - Parameter partitions: nil takes what is there, or the default of one.
    @discardableResult
    public func createTopic(_ name: String, partitions: Int? = nil) async throws(MillraceError) -> Answer<TopicInfo> {
        try await createTopic(name, TopicSettings(partitions: partitions))
    }

    /// Creates a topic; does nothing when it is there with the same settings.
    @discardableResult
    public func createTopic(
        _ name: String,
        _ settings: TopicSettings
    ) async throws(MillraceError) -> Answer<TopicInfo> {
        let body = try RequestBody.json(settings)
        return try await call(.PUT, ServerAddress.target(["v1", "topics", name]), body: body)
    }

    /// Changes a topic's settings, and adds partitions; what is nil stays as it is.
    @discardableResult
    public func updateTopic(
        _ name: String,
        _ settings: TopicSettings
    ) async throws(MillraceError) -> Answer<TopicInfo> {
        let body = try RequestBody.json(settings)
        return try await call(.PATCH, ServerAddress.target(["v1", "topics", name]), body: body)
    }

    /// All topics, sorted by name.
    public func topics() async throws(MillraceError) -> Answer<[TopicInfo]> {
        struct List: Decodable { let topics: [TopicInfo] }
        let list = try await call(.GET, "/v1/topics", as: List.self)
        return Answer(value: list.value.topics, json: list.json)
    }

    /// One topic with the offsets of its partitions.
    public func topic(_ name: String) async throws(MillraceError) -> Answer<TopicInfo> {
        try await call(.GET, ServerAddress.target(["v1", "topics", name]))
    }

    /// Deletes a topic with its records and every group's commits on it.
    public func deleteTopic(_ name: String) async throws(MillraceError) {
        _ = try await answer(.DELETE, ServerAddress.target(["v1", "topics", name]))
    }

    /// Deletes the records of a partition below an offset; answers the first offset that is kept.
    public func deleteRecords(
        _ topic: String,
        partition: Int,
        before: Int64
    ) async throws(MillraceError) -> Answer<Int64> {
        struct Trimmed: Decodable { let logStartOffset: Int64 }
        let path = ServerAddress.target(["v1", "topics", topic, "partitions", String(partition), "records"])
        let answer = try await call(.DELETE, "\(path)?before=\(before)", as: Trimmed.self)
        return Answer(value: answer.value.logStartOffset, json: answer.json)
    }
}
