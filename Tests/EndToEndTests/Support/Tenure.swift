import Foundation

/// A stretch of time in which one connection of a worker had a partition: from an `assigned` to the next, or to its end.
struct Tenure {
    /// A commit that the worker asked for under it.
    struct Commit {
        let number: Int
        let offset: Int64
        /// Whether the broker said that it is in force.
        var isConfirmed = false
    }

    let worker: String
    /// Its place among the tenures of its worker, in time.
    let index: Int
    let partition: Int32
    let epoch: Int64
    /// The next offset to come, as the broker said.
    let start: Int64
    /// The offset behind the last record that came; records come one after the other.
    var end: Int64
    var commits: [Commit] = []

    /// How many records came.
    var count: Int { Int(end - start) }

    /// The tenures that a worker has told of, in time.
    ///
    /// - Throws: ``Broken`` where a record came that does not follow the one before it.
    static func list(in file: URL, worker: String) throws -> [Tenure] {
        var ledger = Ledger(worker: worker)
        for line in try Lines.read(file) { try ledger.take(line.split(separator: " ").map(String.init)) }
        return ledger.tenures
    }

    /// A worker was told what cannot be.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private struct Ledger {
        let worker: String
        var tenures: [Tenure] = []
        private var current: [Int32: Int] = [:]
        private var asked: [String: Int] = [:]

        init(worker: String) {
            self.worker = worker
        }

        mutating func take(_ words: [String]) throws {
            let numbers = words.dropFirst().map { Int64($0) ?? -1 }
            switch words.first {
            case "assigned": try assign(Int32(numbers[0]), numbers[1], numbers[2])
            case "record": try record(Int32(numbers[0]), numbers[1])
            case "commit":
                let place = try place(Int32(numbers[1]))
                asked["\(numbers[0]) \(numbers[1])"] = place
                tenures[place].commits.append(Commit(number: Int(numbers[0]), offset: numbers[3]))
            case "result" where words[3] == "committed":
                guard let place = asked["\(numbers[0]) \(numbers[1])"],
                    let index = tenures[place].commits.firstIndex(where: { $0.number == numbers[0] })
                else { throw Broken(description: "\(worker): an answer to nothing: \(words)") }
                tenures[place].commits[index].isConfirmed = true
            case "revoked": current[Int32(numbers[0])] = nil
            case "lost": current = [:]
            default: break
            }
        }

        /// Each `assigned` lists all that the worker has: what it had already goes on where it was.
        private mutating func assign(_ partition: Int32, _ epoch: Int64, _ start: Int64) throws {
            if let place = current[partition], tenures[place].epoch == epoch {
                guard tenures[place].end == start else {
                    throw Broken(description: "\(worker): \(partition) goes on at \(start), not \(tenures[place].end)")
                }
                return
            }
            current[partition] = tenures.count
            tenures.append(
                Tenure(
                    worker: worker,
                    index: tenures.count,
                    partition: partition,
                    epoch: epoch,
                    start: start,
                    end: start
                )
            )
        }

        private mutating func record(_ partition: Int32, _ offset: Int64) throws {
            let place = try place(partition)
            guard tenures[place].end == offset else {
                throw Broken(description: "\(worker): \(partition) brings \(offset), not \(tenures[place].end)")
            }
            tenures[place].end = offset + 1
        }

        private func place(_ partition: Int32) throws -> Int {
            guard let place = current[partition] else {
                throw Broken(description: "\(worker): partition \(partition) is not its own")
            }
            return place
        }
    }
}
