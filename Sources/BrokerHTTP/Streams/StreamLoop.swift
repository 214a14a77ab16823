import BrokerAPI
import NIOCore
import NIOPosix

/// What the streams of one event loop share: who waits where, the round in which they go on, and the last chunk.
///
/// A record that is waited for by a thousand streams is one wake from the broker's side, and one read: then each stream compares
/// its cursor, cuts its piece and writes it. All of it on the event loop, where nothing needs a lock.
final class StreamLoop {
    /// Something for a stream.
    private enum News {
        case over(StreamCrowd.Member, StreamWait.End)
        case alarm(any LoopSleeper)
    }

    /// After so many streams the loop's other work has its turn.
    private static let newsPerTurn = 128
    /// How long it has it: what is to be done at once is done before an event loop looks at its sockets again.
    static let turnInterval = TimeAmount.microseconds(50)

    private static let all: [ObjectIdentifier: NIOLoopBoundBox<StreamLoop?>] = {
        let loops = MultiThreadedEventLoopGroup.singleton.makeIterator()
        let boxes = loops.map { loop in
            (ObjectIdentifier(loop), NIOLoopBoundBox.makeEmptyBox(valueType: StreamLoop.self, eventLoop: loop))
        }
        return Dictionary(uniqueKeysWithValues: boxes)
    }()

    /// What comes from other threads.
    let wakes: LoopWakes
    /// What streams that go on together find out for each other.
    let round = StreamRound()
    /// The chunk that was made last.
    let chunks = LastChunk()

    private let loop: any EventLoop
    private var crowds: [StreamWait.Place: StreamCrowd] = [:]
    /// The crowd that somebody joined last: mostly the next one does, too.
    private var last: StreamCrowd?
    private var news = CircularBuffer<News>()

    private init(_ loop: any EventLoop) {
        self.loop = loop
        wakes = LoopWakes(loop)
    }

    /// That of one of the process's event loops, on which it is called.
    static func of(_ loop: any EventLoop) -> StreamLoop {
        guard let box = all[ObjectIdentifier(loop)] else {
            preconditionFailure("streams run on the process's own event loops")
        }
        if let made = box.value { return made }
        let made = StreamLoop(loop)
        box.value = made
        return made
    }

    /// Enters a stream that waits.
    func enter(_ sleeper: any LoopSleeper, _ wait: StreamWait, number: Int) -> StreamCrowd.Place {
        crowd(for: wait).add(StreamCrowd.Member(sleeper: sleeper, wait: number))
    }

    /// A stream waits no more.
    func leave(_ place: StreamCrowd.Place) {
        let crowd = place.crowd
        crowd.remove(place)
        guard crowd.isEmpty, !crowd.isOver else { return }
        forget(crowd)
        _ = crowd.end()
    }

    /// Tells some streams what happened.
    func turn() {
        for wake in wakes.take() { take(wake) }
        round.run {
            var count = 0
            while count < Self.newsPerTurn, let next = news.popFirst() {
                deliver(next)
                count += 1
            }
        }
        if news.isEmpty { wakes.rest() } else { wakes.callLater() }
    }

    private func take(_ wake: LoopWakes.Wake) {
        switch wake {
        case .crowd(let crowd, let end):
            guard !crowd.value.isOver else { return }
            forget(crowd.value)
            for member in crowd.value.end() { news.append(.over(member, end)) }
        case .sleeper(let sleeper, let wait, let end):
            news.append(.over(StreamCrowd.Member(sleeper: sleeper.value, wait: wait), end))
        case .alarm(let sleeper): news.append(.alarm(sleeper.value))
        }
    }

    private func deliver(_ news: News) {
        switch news {
        case .over(let member, let end): member.sleeper.woke(from: member.wait, end)
        case .alarm(let sleeper): sleeper.rang()
        }
    }

    /// The crowd that waits for the same; the first one tells the broker.
    private func crowd(for wait: StreamWait) -> StreamCrowd {
        let place = wait.place
        if let last, last.place == place { return last }
        if let found = crowds[place] {
            last = found
            return found
        }
        let crowd = StreamCrowd(place)
        (crowds[place], last) = (crowd, crowd)
        let (wakes, bound) = (wakes, NIOLoopBound(crowd, eventLoop: loop))
        // It may be over at once: the loop is told so behind this.
        crowd.entered(wait.notify { wakes.add(.crowd(bound, $0)) })
        return crowd
    }

    private func forget(_ crowd: StreamCrowd) {
        crowds[crowd.place] = nil
        if last === crowd { last = nil }
    }
}
