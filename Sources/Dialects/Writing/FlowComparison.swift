import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel

/// Compares what two policies allow, exactly, between the classes of ends that either can tell from another.
///
/// Flows between addresses that no workload has, and of a workload with itself, do not count.
struct FlowComparison {
    /// Ends that are judged alike.
    struct EndGroup {
        /// The first two.
        var representatives: [EndUniverse.Member]
        /// Their numbers in the universe.
        var numbers: [Int]
    }

    /// One of the policies, with its answer for each class of ends.
    struct Side {
        let connectivity: Connectivity
        /// For each class, the ends of its representatives.
        let ends: [[End?]]
    }

    /// How many classes of ends there may be; above that policies are too large to be compared.
    static let maximumClasses = 2_000

    let classes: [EndGroup]
    let instant: Instant

    /// Prepares comparing policies over the ends of a universe.
    init(_ universe: EndUniverse, _ policies: [FlatPolicy], at instant: Instant) {
        classes = Self.classes(universe, policies)
        self.instant = instant
    }

    /// A policy with its answers.
    func side(_ workloads: [Workload], _ policy: FlatPolicy, _ view: VerdictView) -> Side {
        let connectivity = Connectivity(PolicyEngine(workloads: workloads, policy: policy), at: instant, view: view)
        let ends = classes.map { group in group.representatives.map { connectivity.end(of: $0.address) } }
        return Side(connectivity: connectivity, ends: ends)
    }

    /// The representatives of a flow from one class to another; nil where no flow counts.
    func pair(_ from: Int, _ to: Int) -> (source: Int, destination: Int)? {
        let second = from == to ? 1 : 0
        guard second < classes[to].representatives.count else { return nil }
        let (source, destination) = (classes[from].representatives[0], classes[to].representatives[second])
        guard source.address.family == destination.address.family, source.owner != nil || destination.owner != nil
        else { return nil }
        if let owner = source.owner, owner.id == destination.owner?.id { return nil }
        return (0, second)
    }

    /// What a policy allows for certain from one class to another; nil where no flow counts.
    func traffic(_ side: Side, _ from: Int, _ to: Int) -> ServiceSet? {
        guard let pair = pair(from, to), let source = side.ends[from][pair.source],
            let destination = side.ends[to][pair.destination]
        else { return nil }
        return side.connectivity.traffic(from: source, to: destination).must
    }

    /// The flows that two policies decide differently, one for each pair of classes, at most `limit`.
    ///
    /// - Parameter counted: The traffic that counts; nil means all.
    func differences(_ first: Side, _ second: Side, counted: ServiceSet? = nil, limit: Int) -> [FlowDifference] {
        var result: [FlowDifference] = []
        for from in classes.indices {
            for to in classes.indices {
                guard let pair = pair(from, to), let was = traffic(first, from, to),
                    let now = traffic(second, from, to),
                    was != now
                else { continue }
                for (set, wasAllowed) in [(was.subtracting(now), true), (now.subtracting(was), false)] {
                    guard let point = (counted.map(set.intersection) ?? set).witness else { continue }
                    result.append(
                        difference(
                            point, classes[from].representatives[pair.source],
                            classes[to].representatives[pair.destination], wasAllowed))
                    if result.count >= limit { return result }
                }
            }
        }
        return result
    }

    private func difference(
        _ point: ServicePoint, _ source: EndUniverse.Member, _ destination: EndUniverse.Member, _ wasAllowed: Bool
    ) -> FlowDifference {
        let flow = Flow(
            source: FlowEnd(source.address), destination: FlowEnd(destination.address), proto: point.proto,
            sourcePort: point.proto.hasPorts ? point.source : nil,
            destinationPort: point.proto.hasPorts ? point.destination : 0, icmp: point.icmp)
        return FlowDifference(
            flow: flow, source: source.owner?.id, destination: destination.owner?.id, wasAllowed: wasAllowed)
    }

    private static func classes(_ universe: EndUniverse, _ policies: [FlatPolicy]) -> [EndGroup] {
        let expressions = policies.reduce(into: Set<EndExpression>()) { $0.formUnion($1.expressions) }
        let sets = expressions.map { universe.members(of: $0) }
        var keys = Set<LabelKey>()
        for policy in policies { keys.formUnion(policy.relationKeys) }
        let ordered = keys.sorted()
        var places: [EndClassKey: Int] = [:]
        var groups: [EndGroup] = []
        for (number, end) in universe.members.enumerated() {
            let key = EndClassKey(
                family: end.address.family, holds: sets.map { $0.contains(number) },
                values: ordered.map { end.owner?.labels[$0] }, ports: end.owner?.namedPorts ?? [:],
                mode: end.owner?.mode, isOwned: end.owner != nil)
            if let place = places[key] {
                groups[place].numbers.append(number)
                if groups[place].representatives.count < 2 { groups[place].representatives.append(end) }
            } else {
                places[key] = groups.count
                groups.append(EndGroup(representatives: [end], numbers: [number]))
            }
        }
        return groups
    }

    private struct EndClassKey: Hashable {
        let family: AddressFamily
        let holds: [Bool]
        let values: [LabelValue?]
        let ports: [PortName: [ProtocolPort]]
        let mode: EnforcementMode?
        let isOwned: Bool
    }
}

extension FlatPolicy {
    var serviceTerms: Set<ServiceTerm> {
        var result: Set<ServiceTerm> = []
        for layer in layers {
            for tier in layer.tiers {
                for rule in tier.rules { result.formUnion(rule.services) }
            }
        }
        return result
    }

    var relationKeys: Set<LabelKey> {
        var result: Set<LabelKey> = []
        func add(_ relations: [Relation]) {
            for relation in relations {
                switch relation {
                case .same(let keys), .different(let keys): result.formUnion(keys)
                case .samePrincipal: break
                }
            }
        }
        for layer in layers {
            add(layer.appliesWhen)
            for tier in layer.tiers { for rule in tier.rules { add(rule.relations) } }
        }
        return result
    }
}
