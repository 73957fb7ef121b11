import NetworkTypes
import Testing

/// Interval sets against plain sets of every value of a byte.
@Suite struct IntervalSetTests {
    typealias Intervals = IntervalSet<UInt8>
    static let universe = UInt8.min...UInt8.max

    /// Random sets that touch both ends often, with their members counted one by one.
    private func samples(_ count: Int, seed: UInt64) -> [(intervals: Intervals, members: Set<UInt8>)] {
        var random = Randomness(seed: seed)
        return (0..<count).map { _ in
            let parts = (0..<Int.random(in: 0...5, using: &random)).map { _ -> ClosedRange<UInt8> in
                let edges: [UInt8] = [0, 1, 254, 255, .random(in: Self.universe, using: &random)]
                let a = edges.randomElement(using: &random) ?? 0
                let b = UInt8.random(in: Self.universe, using: &random)
                return min(a, b)...max(a, b)
            }
            return (Intervals(parts), parts.reduce(into: []) { $0.formUnion($1) })
        }
    }

    private func members(_ set: Intervals) -> Set<UInt8> { Set(Self.universe.filter(set.contains)) }

    private func isCanonical(_ set: Intervals) -> Bool {
        zip(set.intervals, set.intervals.dropFirst()).allSatisfy { Int($0.upperBound) + 1 < Int($1.lowerBound) }
    }

    @Test func theMembersAreThoseOfTheParts() {
        for sample in samples(2_000, seed: 1) {
            #expect(members(sample.intervals) == sample.members)
            #expect(isCanonical(sample.intervals))
            #expect(sample.intervals.isEmpty == sample.members.isEmpty)
        }
    }

    @Test func operationsAreThoseOfSets() {
        let all = Set(Self.universe)
        let some = samples(2_000, seed: 2)
        for (a, b) in zip(some, some.reversed()) {
            let results: [(Intervals, Set<UInt8>)] = [
                (a.intervals.union(b.intervals), a.members.union(b.members)),
                (a.intervals.intersection(b.intervals), a.members.intersection(b.members)),
                (a.intervals.subtracting(b.intervals), a.members.subtracting(b.members)),
                (a.intervals.complement, all.subtracting(a.members)),
            ]
            for (got, expected) in results {
                #expect(members(got) == expected)
                #expect(isCanonical(got))
            }
            #expect(a.intervals.isSuperset(of: b.intervals) == a.members.isSuperset(of: b.members))
        }
    }

    @Test func equalMembersMeanEqualSets() {
        for sample in samples(500, seed: 3) {
            let single = Intervals(sample.members.map { $0...$0 })
            #expect(single == sample.intervals)
            #expect(single.hashValue == sample.intervals.hashValue)
        }
        #expect(Intervals([1...2, 3...4]) == Intervals(1...4))
        #expect(Intervals([1...2, 4...4]) != Intervals(1...4))
    }

    @Test func emptyAndAllAreEachOthersComplement() {
        #expect(Intervals().complement == .all)
        #expect(Intervals.all.complement == Intervals())
        #expect(Intervals.all.contains(0) && Intervals.all.contains(255))
        #expect(!Intervals().contains(0))
        #expect(Intervals([ClosedRange<UInt8>]()).isEmpty)
    }

    @Test func theFullWidthOfAnAddressDoesNotOverflow() {
        let set = IntervalSet<UInt128>([0...0, (UInt128.max)...(.max)])
        #expect(set.complement == IntervalSet(1...(UInt128.max - 1)))
        #expect(set.union(set.complement) == .all)
        #expect(IntervalSet<UInt128>.all.complement.isEmpty)
    }

    @Test func portsPrintAsAList() {
        #expect(PortSet([443...443, 80...80, 8000...8002, 8003...8003]).text == "80,443,8000-8003")
        #expect(PortSet().text == "")
        #expect(PortSet.all.text == "0-65535")
        #expect(PortSet(22) == PortSet(22...22))
    }
}
