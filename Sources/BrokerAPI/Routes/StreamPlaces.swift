import BrokerCore
import Synchronization

/// How many streams each principal has open, bounded: one client's thousands leave room for the others.
///
/// Concurrency: the lock is a leaf.
final class StreamPlaces: Sendable {
    /// The most of one principal.
    let streamsMax: Int
    private let taken = Mutex<[Principal: Int]>([:])

    /// All places free.
    init(streamsMax: Int) {
        self.streamsMax = streamsMax
    }

    /// Takes a place, or refuses.
    func take(_ principal: Principal) throws(Problem) -> StreamPlace {
        let hasRoom = taken.withLock { taken in
            guard taken[principal, default: 0] < streamsMax else { return false }
            taken[principal, default: 0] += 1
            return true
        }
        guard hasRoom else { throw .tooManyStreams(max: streamsMax) }
        return StreamPlace(of: principal, in: self)
    }

    /// How many a principal has taken.
    func count(of principal: Principal) -> Int { taken.withLock { $0[principal] ?? 0 } }

    fileprivate func give(_ principal: Principal) {
        taken.withLock { taken in
            let left = (taken[principal] ?? 0) - 1
            taken[principal] = left > 0 ? left : nil
        }
    }
}

/// A stream's place, given back once: when the stream is closed, or when nobody has it any more.
final class StreamPlace: Sendable {
    private let principal: Principal
    private let places: StreamPlaces
    private let isTaken = Atomic<Bool>(true)

    fileprivate init(of principal: Principal, in places: StreamPlaces) {
        self.principal = principal
        self.places = places
    }

    deinit { giveBack() }

    /// Gives the place back.
    func giveBack() {
        if isTaken.exchange(false, ordering: .acquiringAndReleasing) { places.give(principal) }
    }
}
