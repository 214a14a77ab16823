import Testing

extension EndToEndTests {
    /// The checks themselves: they must find what they are for.
    @Suite struct TenureChecksTests {
        private static func tenure(_ worker: String, epoch: Int64, _ range: Range<Int64>, commits: [Int64] = [])
            -> Tenure
        {
            Tenure(
                worker: worker,
                index: 0,
                partition: 0,
                epoch: epoch,
                start: range.lowerBound,
                end: range.upperBound,
                commits: commits.enumerated().map { Tenure.Commit(number: $0, offset: $1, isConfirmed: true) }
            )
        }

        @Test func aHandoverWithUncommittedRecordsIsSound() {
            let checks = TenureChecks(
                [
                    Self.tenure("a", epoch: 1, 0..<10, commits: [4, 7]),
                    Self.tenure("b", epoch: 2, 7..<12, commits: [12]),
                ],
                ends: [0: 12]
            )
            #expect(checks.flaws == [])
            #expect((checks.deliveries, checks.duplicates) == (15, 3))
        }

        @Test(arguments: [
            [tenure("a", epoch: 1, 0..<10, commits: [7]), tenure("b", epoch: 2, 8..<12)],
            [tenure("a", epoch: 1, 0..<10, commits: [7]), tenure("b", epoch: 2, 6..<12)],
            [tenure("a", epoch: 1, 0..<10, commits: [7]), tenure("b", epoch: 1, 7..<12)],
            [tenure("a", epoch: 1, 0..<10, commits: [7]), tenure("b", epoch: 2, 7..<11)],
        ])
        func skippedRepeatedSharedAndMissingRecordsAreFound(tenures: [Tenure]) {
            #expect(TenureChecks(tenures, ends: [0: 12]).flaws.count == 1)
        }
    }
}
