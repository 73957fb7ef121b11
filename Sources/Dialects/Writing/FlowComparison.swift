import NetworkTypes
import PolicyEngine
import PolicyModel

/// Compares what two policies decide about every kind of flow that either can tell from another.
///
/// Ends are those of a universe; traffic is cut at every port, message and protocol that a rule or a named port names.
struct FlowComparison {
    /// Traffic that stands for all that is judged alike.
    struct Probe: Hashable {
        var proto: IPProtocol
        var sourcePort: UInt16?
        var port: UInt16 = 0
        var icmp: ICMPMessage?
        /// The traffic that it stands for, when no source port matters.
        var covers: TrafficSet
    }

    /// Ends that are judged alike.
    struct EndGroup {
        /// The first two.
        var representatives: [EndUniverse.Member]
        /// Their numbers in the universe.
        var numbers: [Int]
    }

    /// How many flows are judged at most; above that policies are too large to be compared.
    static let maximumFlows = 4_000_000

    /// The classes of ends that no expression, label relation or port table tells apart.
    let classes: [EndGroup]
    /// One or two members of each class.
    let ends: [EndUniverse.Member]
    let probes: [Probe]
    let instant: Instant

    /// Prepares comparing policies over some workloads.
    ///
    /// - Parameters:
    ///   - protocols: The protocols that count; nil means all.
    ///   - lowestPort: The lowest port that counts.
    init(
        _ universe: EndUniverse, _ policies: [FlatPolicy], workloads: [Workload], at instant: Instant,
        protocols: [IPProtocol]? = nil, lowestPort: UInt16 = 0
    ) {
        classes = Self.classes(universe, policies)
        ends = classes.flatMap(\.representatives)
        probes = Self.probes(policies, workloads).compactMap { probe in
            guard protocols?.contains(probe.proto) ?? true else { return nil }
            guard probe.proto.hasPorts, probe.port < lowestPort else { return probe }
            // The lowest port counts if it is judged like the one below it.
            guard probe.covers[probe.proto].contains(lowestPort) else { return nil }
            var raised = probe
            raised.port = lowestPort
            return raised
        }
        self.instant = instant
    }

    /// The number of flows to be judged.
    var flowCount: Int { ends.count * ends.count * probes.count }

    /// Calls for each pair of ends of one family, but for pairs of unmanaged addresses and of one workload with itself.
    func forEachPair(_ body: (EndUniverse.Member, EndUniverse.Member) throws -> Void) rethrows {
        for source in ends {
            for destination in ends where source.address.family == destination.address.family {
                guard source.owner != nil || destination.owner != nil, source.address != destination.address
                else { continue }
                if let a = source.owner, let b = destination.owner, a.id == b.id { continue }
                try body(source, destination)
            }
        }
    }

    /// A flow of a probe.
    func flow(_ probe: Probe, _ source: EndUniverse.Member, _ destination: EndUniverse.Member) -> Flow {
        Flow(
            source: FlowEnd(source.address, process: .absent, principal: .absent),
            destination: FlowEnd(destination.address, process: .absent, principal: .absent), proto: probe.proto,
            sourcePort: probe.sourcePort, destinationPort: probe.port, icmp: probe.icmp)
    }

    /// The flows that two policies decide differently, at most `limit`.
    func differences(
        _ first: (PolicyEngine, View), _ second: (PolicyEngine, View), limit: Int
    ) -> [FlowDifference] {
        var result: [FlowDifference] = []
        forEachPair { source, destination in
            guard result.count < limit else { return }
            for probe in probes {
                let flow = flow(probe, source, destination)
                let was = allows(first, flow)
                guard was != allows(second, flow) else { continue }
                result.append(
                    FlowDifference(
                        flow: flow, source: source.owner?.id, destination: destination.owner?.id, wasAllowed: was))
            }
        }
        return Array(result.prefix(limit))
    }

    /// Whether a policy allows the flow for certain.
    func allows(_ policy: (engine: PolicyEngine, view: View), _ flow: Flow) -> Bool {
        let decision = policy.engine.decide(flow, at: instant)
        switch policy.view {
        case .policy: return decision.policy.outcome == .allowed
        case .effective: return decision.effective.outcome == .allowed
        }
    }

    /// Which verdict counts.
    enum View {
        case policy, effective
    }

    private static func classes(_ universe: EndUniverse, _ policies: [FlatPolicy]) -> [EndGroup] {
        let expressions = policies.reduce(into: Set<EndExpression>()) { $0.formUnion($1.expressions) }
        let sets = expressions.map { universe.members(of: $0) }
        var keys = Set<LabelKey>()
        for policy in policies { keys.formUnion(policy.relationKeys) }
        let ordered = keys.sorted()
        var places: [EndClass: Int] = [:]
        var groups: [EndGroup] = []
        for (number, end) in universe.members.enumerated() {
            let key = EndClass(
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

    private struct EndClass: Hashable {
        let family: AddressFamily
        let holds: [Bool]
        let values: [LabelValue?]
        let ports: [PortName: [ProtocolPort]]
        let mode: EnforcementMode?
        let isOwned: Bool
    }

    private static func probes(_ policies: [FlatPolicy], _ workloads: [Workload]) -> [Probe] {
        var cuts: [IPProtocol: Set<UInt16>] = [.tcp: [0], .udp: [0], .sctp: [0], .icmp: [8 << 8], .icmpv6: [128 << 8]]
        var sourceCuts: [IPProtocol: Set<UInt16>] = [:]
        func cut(_ proto: IPProtocol, _ ports: PortSet, in table: inout [IPProtocol: Set<UInt16>]) {
            for interval in ports.intervals {
                table[proto, default: []].insert(interval.lowerBound)
                if interval.upperBound < .max { table[proto, default: []].insert(interval.upperBound + 1) }
            }
        }
        for policy in policies {
            for term in policy.serviceTerms {
                switch term {
                case .any, .named: break
                case .proto(let proto): cuts[proto, default: []].insert(0)
                case .ports(let proto, let destination, let source):
                    cuts[proto, default: []].insert(0)
                    cut(proto, destination, in: &cuts)
                    if source != .all { cut(proto, source, in: &sourceCuts) }
                case .icmp(let proto, let type, let code):
                    guard proto.isICMP else { continue }
                    let first = UInt16(type) << 8
                    cut(proto, code.map { PortSet(first | UInt16($0)) } ?? PortSet(first...(first | 255)), in: &cuts)
                }
            }
        }
        for workload in workloads {
            for ports in workload.namedPorts.values {
                for port in ports { cut(port.proto, PortSet(port.port), in: &cuts) }
            }
        }
        // A protocol that no rule names stands for all of them; 253 is for experiments (RFC 3692 §2.1).
        let named = cuts.keys.sorted()
        let others = TrafficSet.all.subtracting(TrafficSet(named.map { .proto($0) }) ?? .none)
        var result = named.flatMap { proto in probes(proto, cuts[proto] ?? [], sources: sourceCuts[proto] ?? []) }
        // IGMP reports to groups are essential, so it stands for no others.
        let free = (UInt8.min...253).reversed().map { IPProtocol(rawValue: $0) }
        if let other = free.first(where: { cuts[$0] == nil && !$0.hasPorts && $0 != .igmp }) {
            result.append(Probe(proto: other, covers: others))
        }
        return result
    }

    private static func probes(
        _ proto: IPProtocol, _ cuts: Set<UInt16>, sources: Set<UInt16>
    ) -> [Probe] {
        guard proto.hasPorts || proto.isICMP else {
            return [Probe(proto: proto, covers: TrafficSet([.proto(proto)]) ?? .none)]
        }
        let starts = cuts.union([0]).sorted()
        var result: [Probe] = []
        for (number, start) in starts.enumerated() {
            let end = number + 1 < starts.count ? starts[number + 1] - 1 : UInt16.max
            if proto.isICMP {
                // Messages that Bulkhead judges itself stand for no class of others.
                let messages = (start...end).lazy.map {
                    ICMPMessage(type: UInt8($0 >> 8), code: UInt8($0 & 255))
                }
                guard let message = messages.first(where: { isOrdinary($0, proto) }) else { continue }
                result.append(Probe(proto: proto, icmp: message, covers: .messages(proto, start...end)))
                continue
            }
            let covers = TrafficSet([.ports(proto, destination: PortSet(start...end))]) ?? .none
            for source in sources.union([40_000]).sorted() {
                result.append(Probe(proto: proto, sourcePort: source, port: start, covers: covers))
            }
        }
        return result
    }

    /// Whether Bulkhead's own rules say nothing of the message: no error (RFC 792, RFC 4443 §2.1), redirect (RFC 792,
    /// RFC 4861 §4.5), neighbour discovery (RFC 4861) or listener report (RFC 2710, RFC 3810).
    private static func isOrdinary(_ message: ICMPMessage, _ proto: IPProtocol) -> Bool {
        if proto == .icmp { return ![3, 4, 5, 11, 12].contains(message.type) }
        return message.type >= 128 && !(130...137).contains(message.type) && message.type != 143
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
