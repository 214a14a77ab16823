extension MillraceClient {
    /// Makes a group; does nothing when it is there with these settings.
    ///
    /// - Throws: `refused` with the code `conflict` when it is there with others.
    @discardableResult
    public func createGroup(
        _ name: String,
        _ settings: GroupSettings
    ) async throws(MillraceError) -> Answer<GroupReport> {
        try await call(.PUT, ServerAddress.target(["v1", "groups", name]), body: try .json(settings))
    }

    /// Changes a group for all its members; what is nil stays as it is.
    @discardableResult
    public func configureGroup(
        _ name: String,
        _ settings: GroupSettings
    ) async throws(MillraceError) -> Answer<GroupReport> {
        try await call(.PATCH, ServerAddress.target(["v1", "groups", name]), body: try .json(settings))
    }

    /// Deletes a group with its commits.
    ///
    /// - Parameter force: also while it has members: they are sent away.
    /// - Throws: `refused` with the code `group-has-members`.
    public func deleteGroup(_ name: String, force: Bool = false) async throws(MillraceError) {
        let path = ServerAddress.target(["v1", "groups", name], query: [("force", force ? "true" : nil)])
        _ = try await answer(.DELETE, path)
    }

    /// How far a group is behind.
    public func groupLag(_ name: String) async throws(MillraceError) -> Answer<GroupLag> {
        try await call(.GET, ServerAddress.target(["v1", "groups", name, "lag"]))
    }

    /// Why a group's partitions moved.
    public func groupRebalances(_ name: String) async throws(MillraceError) -> Answer<GroupRebalances> {
        try await call(.GET, ServerAddress.target(["v1", "groups", name, "rebalances"]))
    }

    /// Sets committed offsets by hand; durable when it returns.
    ///
    /// Only these partitions are revoked; their owners get them again at once, from there.
    @discardableResult
    public func resetGroup(_ name: String, _ reset: GroupReset) async throws(MillraceError) -> Answer<GroupResetReport>
    {
        try await call(.PATCH, ServerAddress.target(["v1", "groups", name, "offsets"]), body: try .json(reset))
    }
}
