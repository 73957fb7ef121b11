public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// Exactly what may flow between the ends of an engine at an instant.
///
/// Nothing is sampled: ends are split, and traffic is cut, wherever a rule can tell the difference. Making one costs about
/// what its rules and their exceptions are; what it lets flow is computed a row of classes at a time, when asked.
public struct Connectivity: Sendable {
    /// The engine.
    public let engine: PolicyEngine
    /// The instant at which rules are in force or not.
    public let instant: Instant
    /// The verdicts that are asked for.
    public let view: VerdictView
    /// All ends, in order.
    public let ends: [End]
    let reach: ReachTable
    /// What made `reach`, to ask again what single rules do.
    let builder: ReachBuilder
    /// The places in `ends` of the ends of each class.
    private let endsOfClass: [[Int]]

    /// Analyses an engine.
    public init(_ engine: PolicyEngine, at instant: Instant, view: VerdictView = .policy) {
        self.engine = engine
        self.instant = instant
        self.view = view
        var builder = ReachBuilder(engine, at: instant, view: view)
        reach = ReachTable(&builder)
        self.builder = builder
        ends = EndFinder.ends(engine, reach.classes)
        var places = [[Int]](repeating: [], count: reach.classes.count)
        for end in ends { places[Int(end.classNumber)].append(end.number) }
        endsOfClass = places
    }

    /// What may flow between two of `ends`; an end of another connectivity is looked up by its first address or name.
    ///
    /// Nothing when they share no family; everything when both are one workload.
    public func traffic(from source: End, to destination: End) -> Traffic {
        guard source.sharesFamily(with: destination) else { return .none }
        if source.isSelfTraffic(with: destination) { return Traffic(must: .all, may: .all) }
        guard let from = own(source), let to = own(destination) else { return .none }
        let pair = reach.pair(from.classNumber, to.classNumber)
        let both = reach.traffic[Int(pair.egress)].intersection(reach.traffic[Int(pair.ingress)])
        return Traffic(reach.atoms, both)
    }

    private func own(_ end: End) -> End? {
        if end.number < ends.count, ends[end.number] == end { return ends[end.number] }
        if let address = end.ranges.first?.lower { return self.end(of: address) }
        return ends.first { $0.owners == end.owners }
    }

    /// The end that an address is in.
    public func end(of address: IPAddress) -> End? {
        ends.first { end in end.ranges.contains { $0.contains(address) } }
    }

    /// The ends of a workload, by address.
    public func ends(of workload: WorkloadID) -> [End] { ends.filter { $0.owners.contains(workload) } }

    /// The classes of ends that policy cannot tell apart, in the order of their first ends.
    public var classes: [EndClass] {
        endsOfClass.indices.filter { !endsOfClass[$0].isEmpty }
            .sorted { endsOfClass[$0][0] < endsOfClass[$1][0] }
            .map { EndClass(ends: endsOfClass[$0].map { ends[$0] }, number: UInt32($0)) }
    }
}

/// Ends that policy cannot tell apart.
public struct EndClass: Hashable, Sendable {
    /// The ends, in order; at least one.
    public let ends: [End]
    let number: UInt32
}
