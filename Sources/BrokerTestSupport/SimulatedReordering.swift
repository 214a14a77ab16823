public import SegmentStore

/// An order of the store's, turned round: flushes that are put off until the rename that they should precede is durable.
public struct SimulatedReordering: Sendable {
    let sites: Set<FlushSite>
    let fits: @Sendable (SimulatedCall) -> Bool
    let latest: @Sendable (SimulatedCall) -> Bool
    let isOnce: Bool

    /// Puts the flushes for these reasons off until a rename that fits has become durable, which it does at once.
    ///
    /// The closures run inside the file system and must not call it.
    /// - Parameters:
    ///   - fits: sees renames, by the path of the source.
    ///   - latest: sees every call; what was put off is flushed before one that fits, where no rename came.
    ///   - isOnce: whether all is as it should be after the first such rename.
    public init(
        _ sites: Set<FlushSite>,
        isOnce: Bool = false,
        behind fits: @escaping @Sendable (SimulatedCall) -> Bool,
        latest: @escaping @Sendable (SimulatedCall) -> Bool = { _ in false }
    ) {
        self.sites = sites
        self.isOnce = isOnce
        self.fits = fits
        self.latest = latest
    }
}
