import Foundation
import Synchronization

/// Does pieces of work in several processes at once, and says every few seconds how far it is.
final class Crew: Sendable {
    private let size: Int
    private let state = Mutex(State())
    private let stopwatch = Stopwatch()

    private struct State {
        var queue: [Work] = []
        var results: [(Work, WorkResult)] = []
        var failure: (any Error)?
        var progress: [String: (states: Int, recovered: Int)] = [:]
        var lastToldSeconds = 0.0
    }

    init(size: Int) {
        self.size = size
    }

    /// Does all pieces; results come in the order of the pieces.
    func run(_ pieces: [Work]) throws -> [(Work, WorkResult)] {
        state.withLock { state in
            state.queue = pieces
            state.results = []
        }
        let group = DispatchGroup()
        for _ in 0..<size {
            let thread = Thread { [self] in
                while let work = state.withLock({ $0.queue.isEmpty ? nil : $0.queue.removeFirst() }) { run(work) }
                group.leave()
            }
            group.enter()
            thread.start()
        }
        group.wait()
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            let order = Dictionary(pieces.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return state.results.sorted { (order[$0.0] ?? 0) < (order[$1.0] ?? 0) }
        }
    }

    private func run(_ work: Work) {
        let result = Result {
            try WorkerProcess(work: work).run { [self] states, recovered in tell(work, states, recovered) }
        }
        state.withLock { state in
            state.progress[work.name] = nil
            switch result {
            case .success(let result): state.results.append((work, result))
            case .failure(let error): state.failure = error
            }
        }
        tell(work, 0, 0)
    }

    private func tell(_ work: Work, _ states: Int, _ recovered: Int) {
        let line = state.withLock { state -> String? in
            if recovered > 0 { state.progress[work.name] = (states, recovered) }
            guard stopwatch.seconds - state.lastToldSeconds >= 4 else { return nil }
            state.lastToldSeconds = stopwatch.seconds
            let running = state.progress.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value.states) states, \($0.value.recovered) tries" }
            let done = "\(Int(stopwatch.seconds)) s, \(state.results.count) pieces done, \(state.queue.count) waiting"
            return ([done] + running).joined(separator: "; ")
        }
        if let line { FileHandle.standardError.write(Data("torture: \(line)\n".utf8)) }
    }
}
