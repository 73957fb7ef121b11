import NetworkTypes
import PolicyModel

/// Which pairs of ends are listed.
public enum PairScope: Hashable, Sendable {
    /// Those of which one end at least is a workload's.
    case workloads
    /// All, also those of two addresses that nobody has.
    case everything
}

/// Two ends between which something may flow.
public struct ConnectivityPair: Hashable, Sendable {
    /// Who opens flows.
    public let source: End
    /// Who is reached.
    public let destination: End
    /// What may flow; `may` is not empty.
    public let traffic: Traffic
}

/// The pairs of a connectivity between which something may flow, made one by one; by source, then destination.
public struct ConnectivityPairs: Sequence, IteratorProtocol {
    private let connectivity: Connectivity
    private let scope: PairScope
    private var table: TrafficTable
    /// For each class, the number of what flows there from the present source.
    private var row: [Int] = []
    private var rowClass: UInt32?
    private var source = 0
    private var destination = -1

    init(_ connectivity: Connectivity, _ scope: PairScope) {
        self.connectivity = connectivity
        self.scope = scope
        table = TrafficTable(connectivity.reach)
    }

    /// The next pair.
    public mutating func next() -> ConnectivityPair? {
        let ends = connectivity.ends
        while source < ends.count {
            destination += 1
            if destination == ends.count {
                source += 1
                destination = -1
                continue
            }
            let (from, to) = (ends[source], ends[destination])
            if rowClass != from.classNumber { fillRow(from.classNumber) }
            let number = row[Int(to.classNumber)]
            guard !table.traffic[number].may.isEmpty, Connectivity.isListed(from, to, scope) else { continue }
            return ConnectivityPair(source: from, destination: to, traffic: table.traffic[number])
        }
        return nil
    }

    private mutating func fillRow(_ from: UInt32) {
        rowClass = from
        row = connectivity.reach.row(from: from).map { table.number($0) }
    }
}

extension Connectivity {
    /// The pairs of ends between which something may flow, self-traffic left out, by source, then destination.
    public func pairs(_ scope: PairScope = .workloads) -> ConnectivityPairs { ConnectivityPairs(self, scope) }

    /// Calls `body` for each pair of `pairs(scope)` with the places of its ends in `ends` and the number of its traffic.
    ///
    /// The numbers are places in what is returned, the distinct traffic. This is the way to read a great many pairs: a
    /// pair costs a few nanoseconds.
    public func visitPairs(
        _ scope: PairScope = .workloads, _ body: (_ source: Int, _ destination: Int, _ traffic: Int) -> Void
    ) -> [Traffic] {
        var table = TrafficTable(reach)
        let marks = ends.map(EndMark.init(_:))
        var owners: [WorkloadID: Int32] = [:]
        let sole = ends.map { end -> Int32 in
            guard end.owners.count == 1 else { return -1 }
            let known = owners[end.owners[0]] ?? Int32(truncatingIfNeeded: owners.count)
            owners[end.owners[0]] = known
            return known
        }
        var rowClass: UInt32?
        var row: [Int] = []
        for source in ends.indices {
            let mark = marks[source]
            if rowClass != mark.classNumber {
                rowClass = mark.classNumber
                row = reach.row(from: mark.classNumber).map { table.number($0) }
            }
            for destination in ends.indices {
                let other = marks[destination]
                let number = row[Int(other.classNumber)]
                guard mark.families & other.families != 0, scope == .everything || mark.isOwned || other.isOwned,
                    sole[source] < 0 || sole[source] != sole[destination], !table.isNothing(number)
                else { continue }
                body(source, destination, number)
            }
        }
        return table.traffic
    }

    /// Whether a pair is one that answers are about: not self-traffic, of one family, in scope.
    static func isListed(_ from: End, _ to: End, _ scope: PairScope) -> Bool {
        if from.isSelfTraffic(with: to) || !from.sharesFamily(with: to) { return false }
        return scope == .everything || !from.owners.isEmpty || !to.owners.isEmpty
    }

    /// Calls `body` for each pair of classes with what may flow, nothing included, by source, then destination.
    ///
    /// A class with itself stands for its pairs of different ends. Whether two ends share a family or a workload is
    /// for the caller to ask: `End.sharesFamily`, `End.isSelfTraffic`. Cost: the square of the classes, a few nanoseconds
    /// each.
    public func forEachClassPair(_ body: (EndClass, EndClass, Traffic) -> Void) {
        let classes = classes
        var table = TrafficTable(reach)
        for source in classes {
            let row = reach.row(from: source.number)
            for destination in classes {
                let number = table.number(row[Int(destination.number)])
                body(source, destination, table.traffic[number])
            }
        }
    }
}

/// What a visit of pairs asks of an end.
private struct EndMark {
    let classNumber: UInt32
    /// A bit for each family.
    let families: UInt8
    let isOwned: Bool

    init(_ end: End) {
        classNumber = end.classNumber
        isOwned = !end.owners.isEmpty
        families = end.ranges.isEmpty ? 3 : end.ranges.reduce(0) { $0 | ($1.family == .ipv4 ? 1 : 2) }
    }
}
