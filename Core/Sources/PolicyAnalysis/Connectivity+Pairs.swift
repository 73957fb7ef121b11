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
