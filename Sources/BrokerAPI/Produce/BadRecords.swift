/// The records of a request that cannot be taken.
///
/// All records are looked at, so that one refusal names every bad one and nobody has to send the request once for each.
struct BadRecords {
    /// The most that are named; the rest is counted.
    static let namedMax = 100

    private var named: [Problem] = []
    private var count = 0

    /// Reads one record, and notes what is wrong with it.
    ///
    /// - Throws: what is wrong with the request as a whole.
    mutating func judge(_ read: () throws(Problem) -> Void) throws(Problem) {
        do throws(Problem) {
            try read()
        } catch {
            guard Self.isAboutOneRecord(error.code) else { throw error }
            count += 1
            if named.count < Self.namedMax { named.append(error) }
        }
    }

    /// Refuses the request if any record was bad.
    func refuse() throws(Problem) {
        guard let first = named.first else { return }
        let errors = named.map { problem in
            [
                Problem.Member("code", .string(problem.code.rawValue)),
                Problem.Member("detail", .string(problem.detail)),
            ] + problem.members
        }
        throw Problem(
            first.code,
            count == 1 ? first.detail : "\(first.detail); \(count) records are bad in all, see errors",
            members: first.members + [
                Problem.Member("errors", .objects(errors)), Problem.Member("errorCount", .integer(Int64(count))),
            ]
        )
    }

    private static func isAboutOneRecord(_ code: ProblemCode) -> Bool {
        switch code {
        case .invalidRequest, .headerReserved, .keyMissing, .keyElsewhere, .partitionNotFound, .recordTooLarge,
            .headersTooLarge:
            true
        default: false
        }
    }
}
