import PolicyModel

/// A comparison of two sides, class by class of their common ends.
struct JointWalk {
    /// What was found from some ends to others, the same for all their pairs.
    struct Found {
        let sources: [JointEnd]
        var destinations: [JointEnd]
        /// The first pair that answers are about.
        let first: (JointEnd, JointEnd)
        let before: Traffic
        let after: Traffic
    }

    /// What comes together.
    enum Grouping {
        /// Destinations with the same answers.
        case byAnswer
        /// Only those of one class.
        case byClass
    }

    private struct JointClass: Hashable {
        let before: UInt32
        let after: UInt32
    }

    /// Workloads that have no address and are on one side only.
    let unmatched: [WorkloadID]
    private let before: Connectivity
    private let after: Connectivity
    private let scope: PairScope
    private var classes: [(number: JointClass, ends: [JointEnd])] = []
    private var beforeTable: TrafficTable
    private var afterTable: TrafficTable

    init(_ before: Connectivity, _ after: Connectivity, _ scope: PairScope) {
        self.before = before
        self.after = after
        self.scope = scope
        beforeTable = TrafficTable(before.reach)
        afterTable = TrafficTable(after.reach)
        let refined = JointEnd.refine(before.ends, after.ends)
        unmatched = refined.unmatched
        var places: [JointClass: Int] = [:]
        for end in refined.ends {
            let number = JointClass(before: end.before.classNumber, after: end.after.classNumber)
            let place = places[number] ?? classes.count
            if place == classes.count {
                places[number] = place
                classes.append((number, []))
            }
            classes[place].ends.append(end)
        }
    }

    /// Calls `body` for what the answers before and after make of interest, by source.
    mutating func run(
        over interests: (Traffic, Traffic) -> Bool, _ grouping: Grouping = .byAnswer, _ body: (Found) -> Void
    ) {
        var known: [UInt64: Bool] = [:]
        for source in classes {
            let mine = before.reach.row(from: source.number.before)
            let theirs = after.reach.row(from: source.number.after)
            var placeOf: [UInt64: Int] = [:]
            var found: [Found] = []
            for destination in classes {
                let one = beforeTable.number(mine[Int(destination.number.before)])
                let other = afterTable.number(theirs[Int(destination.number.after)])
                let key = UInt64(one) << 32 | UInt64(other)
                let interest = known[key] ?? interests(beforeTable.traffic[one], afterTable.traffic[other])
                known[key] = interest
                guard interest, let first = firstPair(source.ends, destination.ends) else { continue }
                if grouping == .byAnswer, let place = placeOf[key] {
                    found[place].destinations += destination.ends
                } else {
                    placeOf[key] = found.count
                    found.append(
                        Found(
                            sources: source.ends, destinations: destination.ends, first: first,
                            before: beforeTable.traffic[one], after: afterTable.traffic[other]))
                }
            }
            for group in found { body(group) }
        }
    }

    private func firstPair(_ sources: [JointEnd], _ destinations: [JointEnd]) -> (JointEnd, JointEnd)? {
        for source in sources {
            if let found = destinations.first(where: { source.isListed(with: $0, scope) }) { return (source, found) }
        }
        return nil
    }
}
