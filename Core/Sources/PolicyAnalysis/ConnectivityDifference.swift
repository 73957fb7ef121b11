import PolicyEngine
public import PolicyModel

/// How what may flow differs between two policies, exactly, with a witness for each difference.
///
/// Ends are refined until each lies in one end on both sides: addresses by themselves, workloads without an address by
/// name. The two sides must be of one view.
public struct ConnectivityDifference: Sendable {
    /// What changes from some ends to others, the same for all their pairs.
    public struct Group: Sendable {
        let from: [JointEnd]
        let to: [JointEnd]
        let scope: PairScope
        /// What flows before, between each of the pairs.
        public let before: Traffic
        /// What flows after.
        public let after: Traffic
        /// What becomes allowed: `must` for sure, `may` perhaps.
        public let newlyAllowed: Traffic
        /// What ceases to be allowed: `must` for sure, `may` perhaps.
        public let newlyCut: Traffic
        /// A case of what becomes allowed; nil when nothing does.
        public let allowedWitness: Witness?
        /// A case of what ceases to be; nil when nothing does.
        public let cutWitness: Witness?

        /// Who opens the flows, in order.
        public var sources: [End] { from.map(\.end) }
        /// Who is reached, in order.
        public var destinations: [End] { to.map(\.end) }
        /// The pairs that change, by source, then destination; self-traffic and pairs without a common family left out.
        ///
        /// Cost: the product of sources and destinations.
        public var pairs: [(source: End, destination: End)] {
            from.flatMap { source in
                to.filter { source.isListed(with: $0, scope) }.map { (source: source.end, destination: $0.end) }
            }
        }
    }

    /// The changes, by first source, then first destination.
    public let groups: [Group]
    /// Workloads that have no address and are on one side only; nothing is said about them.
    public let unmatched: [WorkloadID]

    /// Whether nothing changes, for sure or perhaps.
    public var isEmpty: Bool { groups.isEmpty }

    /// Compares what flows before with what flows after.
    ///
    /// Cost: the square of the classes of refined ends, a few nanoseconds each, and a search for witnesses per group.
    public init(from before: Connectivity, to after: Connectivity, scope: PairScope = .workloads) {
        var walk = JointWalk(before, after, scope)
        unmatched = walk.unmatched
        var maker = DifferenceMaker(before, after, scope)
        var groups: [Group] = []
        walk.run(over: { $0 != $1 }) { groups.append(maker.group($0)) }
        self.groups = groups
    }
}

/// Makes groups, with their witnesses.
struct DifferenceMaker {
    private let scope: PairScope
    private let rise: WitnessSearch
    private let fall: WitnessSearch
    private var before: ReachBuilder
    private var after: ReachBuilder

    init(_ before: Connectivity, _ after: Connectivity, _ scope: PairScope) {
        self.scope = scope
        let first = WitnessSearch.Side(engine: before.engine, instant: before.instant)
        let second = WitnessSearch.Side(engine: after.engine, instant: after.instant)
        rise = WitnessSearch(less: first, more: second, view: after.view)
        fall = WitnessSearch(less: second, more: first, view: after.view)
        self.before = before.builder
        self.after = after.builder
    }

    mutating func group(_ found: JointWalk.Found) -> ConnectivityDifference.Group {
        let allowed = Traffic.risen(from: found.before, to: found.after)
        let cut = Traffic.risen(from: found.after, to: found.before)
        let (source, destination) = found.first
        let open =
            before.openRules(from: source.before.classNumber, to: destination.before.classNumber)
            + after.openRules(from: source.after.classNumber, to: destination.after.classNumber)
        return ConnectivityDifference.Group(
            from: found.sources, to: found.destinations, scope: scope, before: found.before, after: found.after,
            newlyAllowed: allowed, newlyCut: cut,
            allowedWitness: rise.find(source.end, destination.end, allowed, open: open),
            cutWitness: fall.find(source.end, destination.end, cut, open: open))
    }
}

extension ReachBuilder {
    /// The uncertain rules that cover something from one class to another, in order of precedence at each end.
    mutating func openRules(from source: UInt32, to destination: UInt32) -> [FlatRule] {
        keys(from: source, to: destination).flatMap(\.rules).compactMap { number in
            guard facts.facts[Int(number)]?.isCertain == false else { return nil }
            return engine.rules[Int(number)]?.source
        }
    }
}

extension Traffic {
    /// What rises from one answer to another: for sure from not at all to surely; perhaps in either bound.
    static func risen(from before: Traffic, to after: Traffic) -> Traffic {
        Traffic(
            must: after.must.subtracting(before.may),
            may: after.may.subtracting(before.may).union(after.must.subtracting(before.must)))
    }
}
