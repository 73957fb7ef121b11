import NetworkTypes
import PolicyModel

/// The answer of a test: yes, no, or unknown without an attribute that the flow lacks.
enum Truth: Hashable {
    case yes
    case no
    case unknown(FlowAttribute)

    init(_ value: Bool) { self = value ? .yes : .no }

    private var missing: FlowAttribute? {
        switch self {
        case .yes, .no: nil
        case .unknown(let attribute): attribute
        }
    }

    /// AND: one no makes no, else one unknown makes unknown with the least attribute.
    static func all(_ parts: [Truth]) -> Truth {
        parts.contains(.no) ? .no : parts.compactMap(\.missing).min().map(Truth.unknown) ?? .yes
    }

    /// OR: one yes makes yes, else one unknown makes unknown with the least attribute.
    static func any(_ parts: [Truth]) -> Truth {
        parts.contains(.yes) ? .yes : parts.compactMap(\.missing).min().map(Truth.unknown) ?? .no
    }
}

/// The two verdicts of a decision.
enum View { case policy, effective }

extension EndExpression {
    /// Whether the expression holds for an address together with one of its owners, or with none.
    func holds(_ owner: Workload?, _ address: IPAddress, _ sets: [AddressSetID: AddressSet]) -> Bool {
        switch self {
        case .any: true
        case .anyWorkload: owner != nil
        case .selector(let selector): owner.map { selector.matches($0.labels) } ?? false
        case .workload(let id): owner?.id == id
        case .addressSet(let id): sets[id]?.contains(address) ?? false
        case .addresses(let set): set.contains(address)
        case .union(let parts): parts.contains { $0.holds(owner, address, sets) }
        case .intersection(let parts): parts.allSatisfy { $0.holds(owner, address, sets) }
        case .difference(let left, let right):
            left.holds(owner, address, sets) && !right.holds(owner, address, sets)
        }
    }
}

extension Relation {
    /// Whether the relation holds between the owners of the ends of a flow.
    func holds(_ one: Workload?, _ other: Workload?, _ flow: Flow) -> Truth {
        switch self {
        case .same(let keys): return Truth(Self.areSame(keys, one, other) ?? false)
        case .different(let keys): return Truth(Self.areSame(keys, one, other).map { !$0 } ?? false)
        case .samePrincipal:
            if flow.source.principal == .absent || flow.destination.principal == .absent { return .no }
            guard case .known(let a) = flow.source.principal else { return .unknown(.sourcePrincipal) }
            guard case .known(let b) = flow.destination.principal else { return .unknown(.destinationPrincipal) }
            return Truth(a.name == b.name)
        }
    }

    private static func areSame(_ keys: [LabelKey], _ one: Workload?, _ other: Workload?) -> Bool? {
        guard let one, let other else { return nil }
        return keys.allSatisfy { one.labels[$0] != nil && one.labels[$0] == other.labels[$0] }
    }
}

extension ServiceTerm {
    /// Whether a packet with a known source port belongs to the service at a destination with this table of names.
    func covers(_ packet: Flow, named table: [PortName: [ProtocolPort]]) -> Truth {
        switch self {
        case .any: return .yes
        case .proto(let proto): return Truth(packet.proto == proto)
        case .ports(let proto, let destination, let source):
            guard packet.proto == proto, proto.hasPorts else { return .no }
            return Truth(destination.contains(packet.destinationPort) && source.contains(packet.sourcePort ?? 0))
        case .icmp(let proto, let type, let code):
            guard packet.proto == proto else { return .no }
            guard let message = packet.icmp else { return .unknown(.icmpType) }
            return Truth(message.type == type && (code == nil || message.code == code))
        case .named(let name):
            let port = ProtocolPort(packet.proto, packet.destinationPort)
            return Truth(packet.proto.hasPorts && table[name]?.contains(port) == true)
        }
    }

    /// The port sets that the term speaks of.
    var portSets: [PortSet] {
        switch self {
        case .any, .proto, .icmp, .named: []
        case .ports(_, let destination, let source): [destination, source]
        }
    }
}

extension AttributeMatch {
    /// Whether the end fulfils the requirement; the names are those under which something missing is reported.
    func holds(of end: FlowEnd, process: FlowAttribute, principal: FlowAttribute) -> Truth {
        .all([
            Self.holds(processes, of: end.process, process) { $0.contains($1) },
            Self.holds(principals, of: end.principal, principal) {
                $0.contains($1.name) || !$0.isDisjoint(with: $1.groups)
            },
        ])
    }

    private static func holds<Wanted, Value>(
        _ wanted: Wanted?, of attribute: Attribute<Value>, _ name: FlowAttribute, _ fits: (Wanted, Value) -> Bool
    ) -> Truth {
        guard let wanted else { return .yes }
        switch attribute {
        case .unknown: return .unknown(name)
        case .absent: return .no
        case .known(let value): return Truth(fits(wanted, value))
        }
    }
}

extension Condition {
    /// Whether the condition holds; `ifUnknown` says what an unknown fact counts as.
    func holds(_ facts: [ConditionName: Bool], ifUnknown: Bool) -> Truth {
        Truth(facts[name].map { $0 == expected } ?? ifUnknown)
    }
}

/// The unrecorded source ports, cut where one of the sets begins or ends, so that no set tells the ports of a piece apart.
func pieces(cutBy sets: [PortSet]) -> [ClosedRange<UInt16>] {
    let whole = Flow.unrecordedSourcePorts
    var starts: Set<UInt16> = [whole.lowerBound]
    for interval in sets.flatMap(\.intervals) {
        if whole.contains(interval.lowerBound) { starts.insert(interval.lowerBound) }
        if whole.contains(interval.upperBound), interval.upperBound < .max { starts.insert(interval.upperBound + 1) }
    }
    let sorted = starts.sorted()
    return sorted.indices.map { index in
        sorted[index]...(index + 1 < sorted.count ? sorted[index + 1] - 1 : whole.upperBound)
    }
}
