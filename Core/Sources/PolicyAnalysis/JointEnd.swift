import NetworkTypes
import PolicyModel

/// Addresses that lie in one end on each of two sides.
struct JointEnd: Hashable, Sendable {
    /// The end to show: the owners of either side, the addresses of both.
    let end: End
    /// Its end before, and after.
    let before: End
    let after: End

    /// Whether answers are about a pair: not self-traffic on either side, of one family, in scope.
    func isListed(with other: JointEnd, _ scope: PairScope) -> Bool {
        if before.isSelfTraffic(with: other.before) || after.isSelfTraffic(with: other.after) { return false }
        guard end.sharesFamily(with: other.end) else { return false }
        return scope == .everything || !end.owners.isEmpty || !other.end.owners.isEmpty
    }

    /// The common refinement of the ends of two sides, in order, with the workloads that cannot be matched.
    ///
    /// Addresses are matched by themselves; a workload without one is matched by name.
    static func refine(_ before: [End], _ after: [End]) -> (ends: [JointEnd], unmatched: [WorkloadID]) {
        struct Pair: Hashable {
            let before: Int
            let after: Int
        }
        var ranges: [Pair: [AddressRange]] = [:]
        let mine = places(before)
        let theirs = places(after)
        var (i, j) = (0, 0)
        while i < mine.count, j < theirs.count {
            let (a, b) = (mine[i], theirs[j])
            let upper = min(a.range.upper, b.range.upper)
            if let range = AddressRange(max(a.range.lower, b.range.lower), upper) {
                ranges[Pair(before: a.end, after: b.end), default: []].append(range)
            }
            if a.range.upper == upper { i += 1 }
            if b.range.upper == upper { j += 1 }
        }
        var result = ranges.map { pair, ranges in
            JointEnd(before[pair.before], after[pair.after], AddressSet(ranges).ranges)
        }
        let bare = bareWorkloads(before, after)
        result += bare.ends
        let sorted = result.sorted { a, b in
            if a.end != b.end { return a.end < b.end }
            return (a.before.number, a.after.number) < (b.before.number, b.after.number)
        }
        return (sorted, bare.unmatched)
    }

    /// The workloads that have no address on a side, with their ends on the other.
    private static func bareWorkloads(
        _ before: [End], _ after: [End]
    ) -> (ends: [JointEnd], unmatched: [WorkloadID]) {
        func byName(_ ends: [End]) -> [WorkloadID: [End]] {
            var result: [WorkloadID: [End]] = [:]
            for end in ends where end.owners.count == 1 { result[end.owners[0], default: []].append(end) }
            return result
        }
        let mine = byName(before)
        let theirs = byName(after)
        var ends: [JointEnd] = []
        var unmatched: Set<WorkloadID> = []
        for end in before where end.ranges.isEmpty {
            let others = theirs[end.owners[0]] ?? []
            if others.isEmpty { unmatched.formUnion(end.owners) }
            ends += others.map { JointEnd(end, $0, $0.ranges) }
        }
        for end in after where end.ranges.isEmpty {
            let others = mine[end.owners[0]] ?? []
            if others.isEmpty { unmatched.formUnion(end.owners) }
            ends += others.filter { !$0.ranges.isEmpty }.map { JointEnd($0, end, $0.ranges) }
        }
        return (ends, unmatched.sorted())
    }

    /// Every range with the end that it belongs to, ascending; together they are all addresses of both families.
    private static func places(_ ends: [End]) -> [(range: AddressRange, end: Int)] {
        ends.enumerated().flatMap { number, end in end.ranges.map { (range: $0, end: number) } }
            .sorted { $0.range < $1.range }
    }

    private init(_ before: End, _ after: End, _ ranges: [AddressRange]) {
        self.before = before
        self.after = after
        let owners =
            before.owners == after.owners ? after.owners : Set(before.owners + after.owners).sorted()
        let isWhole = [before, after].allSatisfy { $0.extent == .whole && $0.ranges == ranges && $0.owners == owners }
        end = End(
            owners: owners, ranges: ranges, extent: isWhole ? .whole : .part, number: after.number,
            classNumber: after.classNumber)
    }
}
