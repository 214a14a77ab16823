import BrokerCore
import RecordFormat

extension BrokerEngine {
    /// Does what a watch reads, and does it again a few times where a failure may pass: no descriptor was free, say.
    ///
    /// Else each such moment would cost every watcher its connection. A drain, and a client that leaves, end the waiting.
    func retrying<Found: Sendable>(
        _ read: () async throws(BrokerError) -> Found
    ) async throws(BrokerError) -> Found {
        var delay = limits.readRetryDelay.wholeMilliseconds
        for _ in 0..<limits.readRetriesMax {
            do throws(BrokerError) {
                return try await read()
            } catch {
                guard error.mayPass else { throw error }
                let deadline = clock.now.advanced(byMilliseconds: delay)
                guard await wait(past: Cursor(positions: []), deadline: deadline) == .timedOut else { throw error }
                delay *= 2
            }
        }
        return try await read()
    }
}
