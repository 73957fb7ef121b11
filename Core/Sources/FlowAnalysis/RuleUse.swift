import Flows
public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// What observed traffic used the allow rules of a policy for, and how much narrower they could be.
///
/// A rule is used by an edge that it decides at one end under policy verdicts, in either direction where the direction
/// is uncertain, so that nothing is called unused that may have been used. Denies, whose use is that nothing comes, and
/// the rules that every policy of Bulkhead's own has are not looked at.
public struct RuleUse: Sendable {
    /// An end of a rule.
    public enum Side: String, Hashable, Sendable, CaseIterable {
        case source, destination
    }

    /// Something about a rule that its traffic does not ask for.
    public enum Excess: Hashable, Sendable {
        /// Nothing that was observed is decided by the rule.
        case neverHit
        /// Services that nobody asked for, and those that somebody did.
        case services(unused: [ServiceTerm], used: [MapService])
        /// A term that takes any port, and the few services that were asked for.
        case anyPort(ServiceTerm, used: [MapService])
        /// Who of a side's workloads took part: those have labels that the others lack, which so many members have.
        case members(Side, used: Int, of: Int, narrower: [LabelKey: LabelValue], members: Int)
        /// The side takes addresses of no workload, and none took part.
        case outside(Side)
        /// Of the addresses that the side takes only these took part.
        case addresses(Side, used: [IPAddress])
    }

    /// A rule with what it could do without.
    public struct Finding: Hashable, Sendable {
        /// The written rule.
        public let rule: RuleID
        /// What is not asked for.
        public let excess: Excess
    }

    /// The findings, by rule, then in the order of `Excess`.
    public let findings: [Finding]

    /// A proposal of single addresses has at most so many: what a person still reads as a list.
    static let longestList = 16

    /// Looks for rules without use at an instant.
    ///
    /// Cost: a decision for each edge, and for each initiator port of an uncertain direction.
    public init(_ observed: some Sequence<ObservedEdge>, of engine: PolicyEngine, at instant: Instant) {
        var collector = UseCollector(engine, at: instant)
        for edge in observed { collector.add(edge) }
        findings = collector.rules.keys.sorted().flatMap { id in
            collector.excess(of: id).map { Finding(rule: id, excess: $0) }
        }
    }
}

/// Who used a rule for what.
private struct UsedRule {
    var flat: [CompiledRule] = []
    var services: Set<MapService> = []
    /// For each side, the numbers of workloads.
    var workloads: [RuleUse.Side: Set<Int>] = [:]
    /// For each side, addresses of no workload.
    var addresses: [RuleUse.Side: Set<IPAddress>] = [:]
}

private struct UseCollector {
    private(set) var rules: [RuleID: UsedRule] = [:]
    private let engine: PolicyEngine
    private var judge: EdgeJudge
    private let workloads: [Int: Workload]
    private let workloadsOfIdentity: [UInt32: [Int]]

    init(_ engine: PolicyEngine, at instant: Instant) {
        self.engine = engine
        judge = EdgeJudge(engine, at: instant)
        for case let rule? in engine.rules
        where rule.source.action == .allow && rule.source.validity.contains(instant) && !rule.source.id.comesWithProduct
        {
            rules[rule.source.id, default: UsedRule()].flat.append(rule)
        }
        var workloads: [Int: Workload] = [:]
        var members: [UInt32: [Int]] = [:]
        for (number, workload, identities) in engine.directory.numbered {
            workloads[number] = workload
            for identity in Set(identities) { members[identity, default: []].append(number) }
        }
        self.workloads = workloads
        workloadsOfIdentity = members
    }

    mutating func add(_ edge: ObservedEdge) {
        add(edge.key.flow)
        if edge.hasCertainDirection { return }
        if edge.initiatorPorts.isEmpty { add(edge.key.reversedFlow(port: nil)) }
        for port in edge.initiatorPorts.keys { add(edge.key.reversedFlow(port: port)) }
    }

    private mutating func add(_ flow: Flow) {
        let verdict = judge.decide(flow).policy
        for end in [verdict.source, verdict.destination] {
            guard case .rule(let id, _, _) = end.decider, rules[id] != nil else { continue }
            let service: EdgeService =
                flow.icmp.map { .icmp($0) } ?? (flow.proto.hasPorts ? .port(flow.destinationPort) : .unspecified)
            rules[id]?.services.insert(MapService(proto: flow.proto, service: service))
            for (side, address) in [
                (RuleUse.Side.source, flow.source.address), (.destination, flow.destination.address),
            ] {
                let owners = engine.directory.owners(of: address)
                if owners.isEmpty { rules[id]?.addresses[side, default: []].insert(address) }
                for owner in owners { rules[id]?.workloads[side, default: []].insert(owner.workload) }
            }
        }
    }

    // MARK: Excess

    func excess(of id: RuleID) -> [RuleUse.Excess] {
        guard let rule = rules[id] else { return [] }
        if rule.services.isEmpty { return [.neverHit] }
        var found: [RuleUse.Excess] = []
        let unused = unusedServices(of: rule)
        if !unused.isEmpty { found.append(.services(unused: unused, used: rule.services.sorted())) }
        if rule.services.count <= RuleUse.longestList,
            let term = rule.flat.flatMap(\.source.services).first(where: \.takesAnyPort)
        {
            found.append(.anyPort(term, used: rule.services.sorted()))
        }
        for side in RuleUse.Side.allCases { found += excess(of: rule, side) }
        return found
    }

    private func unusedServices(of rule: UsedRule) -> [ServiceTerm] {
        var seen: Set<ServiceTerm> = []
        return rule.flat.flatMap(\.source.services).filter { seen.insert($0).inserted }.compactMap { term in
            switch term {
            case .any, .proto, .named: return rule.services.contains { term.mayCover($0) } ? nil : term
            case .icmp: return rule.services.contains { term.mayCover($0) } ? nil : term
            case .ports(_, destination: .all, source: _):
                return rule.services.contains { term.mayCover($0) } ? nil : term
            case .ports(let proto, destination: let ports, source: let sources):
                let rest = ports.intervals.filter { interval in
                    // Of a dynamic range (RFC 6335 §6) every port is used when one is: the server draws it anew each time.
                    let isDynamic = interval.lowerBound >= 49_152 && interval.count > 1
                    let used = rule.services.filter { $0.proto == proto && $0.service.isPort(in: interval) }
                    return isDynamic ? used.isEmpty : used.count < interval.count
                }
                let unused = rest.reduce(PortSet()) { set, interval in
                    let used = rule.services.compactMap { $0.proto == proto ? $0.service.port : nil }
                    return set.union(PortSet([interval]).subtracting(PortSet(used.map { $0...$0 })))
                }
                return unused.isEmpty ? nil : .ports(proto, destination: unused, source: sources)
            }
        }
    }

    private func excess(of rule: UsedRule, _ side: RuleUse.Side) -> [RuleUse.Excess] {
        let identities = Set(rule.flat.flatMap { engine.expressions[$0.expression(of: side)].members })
        let members = Set(identities.flatMap { workloadsOfIdentity[$0] ?? [] })
        let used = (rule.workloads[side] ?? []).intersection(members)
        let outside = rule.addresses[side] ?? []
        var found: [RuleUse.Excess] = []
        let takesOutside = identities.contains { engine.column(Vocabulary.Column.owned, $0) == 0 }
        if takesOutside, outside.isEmpty, !used.isEmpty {
            found.append(.outside(side))
        } else if !outside.isEmpty, used.isEmpty, outside.count <= RuleUse.longestList,
            let all = rule.flat.compactMap({ $0.addresses(of: side, engine) }).first,
            all.size > 4 * Double(outside.count)
        {
            found.append(.addresses(side, used: outside.sorted()))
        }
        if outside.isEmpty, let narrower = narrower(used, than: members) {
            let count = members.count { member in
                narrower.allSatisfy { workloads[member]?.labels[$0.key] == $0.value }
            }
            found.append(.members(side, used: used.count, of: members.count, narrower: narrower, members: count))
        }
        return found
    }
}

extension UseCollector {
    /// The fewest labels that all who took part have and that leave out some who could have; nil where there are none.
    private func narrower(_ used: Set<Int>, than members: Set<Int>) -> [LabelKey: LabelValue]? {
        guard used.count < members.count, let first = used.first.flatMap({ workloads[$0] }) else { return nil }
        let common = first.labels.filter { label in used.allSatisfy { workloads[$0]?.labels[label.key] == label.value }
        }
        var left = members
        var chosen: [LabelKey: LabelValue] = [:]
        while true {
            let rest = common.filter { chosen[$0.key] == nil }.map { label in
                (label: label, members: left.filter { workloads[$0]?.labels[label.key] == label.value })
            }
            // Of labels that leave out as many the first by name, so that the answer is always the same.
            guard let best = rest.min(by: { ($0.members.count, $0.label.key) < ($1.members.count, $1.label.key) }),
                best.members.count < left.count
            else { break }
            chosen[best.label.key] = best.label.value
            left = best.members
        }
        return chosen.isEmpty ? nil : chosen
    }
}

extension CompiledRule {
    /// The number of the expression of one side.
    fileprivate func expression(of side: RuleUse.Side) -> Int {
        (source.direction == .egress) == (side == .source) ? subject : peer
    }

    /// The addresses of a side that is written as addresses; nil for any other.
    fileprivate func addresses(of side: RuleUse.Side, _ engine: PolicyEngine) -> AddressSet? {
        let isSubject = (source.direction == .egress) == (side == .source)
        return (isSubject ? source.subject : source.peer).addresses(engine.policy.addressSets)
    }
}

extension EndExpression {
    /// The addresses that an expression is bounded by; nil where it is written by workloads.
    fileprivate func addresses(_ sets: [AddressSetID: AddressSet]) -> AddressSet? {
        switch self {
        case .addresses(let set): set
        case .addressSet(let id): sets[id]
        case .intersection(let parts): parts.lazy.compactMap { $0.addresses(sets) }.first
        case .difference(let whole, _): whole.addresses(sets)
        case .any, .anyWorkload, .selector, .workload, .union: nil
        }
    }
}

extension ServiceTerm {
    /// Whether the term leaves the port open in a protocol with ports.
    fileprivate var takesAnyPort: Bool {
        switch self {
        case .any: true
        case .proto(let proto): proto.hasPorts
        case .ports(_, destination: let ports, source: _): ports == .all
        case .named, .icmp: false
        }
    }

    /// Whether the term covers a service that was seen; what a port's name means is not looked up.
    fileprivate func mayCover(_ seen: MapService) -> Bool {
        switch self {
        case .any: true
        case .named: seen.proto.hasPorts
        case .proto(let proto): proto == seen.proto
        case .ports(let proto, destination: let ports, source: _):
            proto == seen.proto && (seen.service.port.map(ports.contains) ?? false)
        case .icmp(let proto, let type, let code):
            if proto == seen.proto, case .icmp(let message) = seen.service {
                message.type == type && (code == nil || code == message.code)
            } else {
                false
            }
        }
    }
}

extension EdgeService {
    fileprivate var port: UInt16? {
        if case .port(let port) = self { port } else { nil }
    }

    fileprivate func isPort(in interval: ClosedRange<UInt16>) -> Bool { port.map(interval.contains) ?? false }
}

extension AddressSet {
    /// How many addresses, as nearly as is needed to compare.
    var size: Double { ranges.reduce(0) { $0 + Double($1.upper.bits - $1.lower.bits) + 1 } }
}
