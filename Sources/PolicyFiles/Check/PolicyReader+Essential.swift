import NetworkTypes
import PolicyModel

extension PolicyReader {
    /// How many destination ports of one protocol an essential rule may open on a host.
    ///
    /// Login, name resolution, time and the controller take one or two each; what needs more is no way back in.
    static let maximumEssentialPorts = 16

    /// Essential traffic passes quarantines and guardrails, so it must be narrow.
    mutating func checkEssential(_ match: TrafficMatch, _ record: Record) {
        if match.from.isEverybody(addressSets), match.to.isEverybody(addressSets) {
            findings.report(
                .essentialTooWide,
                "expected `from` or `to` of an essential rule to name who is meant, got everybody at both ends; more addresses than an IPv4 /8 or an IPv6 /16 count as everybody",
                at: record.place("from"))
        }
        if let fault = portFault(match.services) {
            findings.report(.essentialTooWide, fault, at: record.place("services"))
        }
    }

    /// What makes the services too wide for essential traffic.
    ///
    /// Only destination ports count: the sender chooses its own.
    private func portFault(_ services: [ServiceTerm]) -> String? {
        var ports: [IPProtocol: PortSet] = [:]
        var names: [PortName] = []
        for term in services {
            switch term {
            case .any: return "expected the ports of an essential rule, got every port"
            case .proto(let proto):
                if proto.hasPorts { return "expected the ports of an essential rule, got every port of \(proto)" }
            case .ports(let proto, let destination, _):
                ports[proto] = (ports[proto] ?? PortSet()).union(destination)
            case .icmp: break
            case .named(let name): names.append(name)
            }
        }
        if let fault = Self.fault(ports) { return fault }
        guard !names.isEmpty else { return nil }
        // A name means on each workload what that workload says.
        for entry in workloads {
            var own = ports
            for port in names.flatMap({ entry.workload.namedPorts[$0] ?? [] }) {
                own[port.proto] = (own[port.proto] ?? PortSet()).union(PortSet(port.port))
            }
            if let fault = Self.fault(own) { return "\(fault) on `\(entry.workload.id)`" }
        }
        return nil
    }

    private static func fault(_ ports: [IPProtocol: PortSet]) -> String? {
        for (proto, set) in ports.sorted(by: { $0.key < $1.key }) {
            let count = set.intervals.reduce(0) { $0 + Int($1.upperBound) - Int($1.lowerBound) + 1 }
            guard count > maximumEssentialPorts else { continue }
            return
                "expected at most \(maximumEssentialPorts) ports of a protocol in an essential rule, got \(count) of \(proto)"
        }
        return nil
    }
}

extension EndExpression {
    /// Whether it is no limit for essential traffic: nothing but exceptions narrows it, or its addresses are too many.
    func isEverybody(_ sets: [String: AddressSet]) -> Bool { reach(sets)?.isWide ?? true }

    /// The addresses that are written, without those of workloads that are named; nil means everybody.
    private func reach(_ sets: [String: AddressSet]) -> AddressSet? {
        switch self {
        case .any, .anyWorkload: return nil
        case .selector(let selector): return selector.hasPositiveTerm ? AddressSet() : nil
        case .workload: return AddressSet()
        case .addressSet(let id): return sets[id.rawValue] ?? AddressSet()
        case .addresses(let set): return set
        case .union(let parts):
            // Pieces that are narrow each may be wide together.
            var whole = AddressSet()
            for part in parts {
                guard let set = part.reach(sets) else { return nil }
                whole = whole.union(set)
            }
            return whole
        case .intersection(let parts):
            var whole: AddressSet?
            for set in parts.compactMap({ $0.reach(sets) }) { whole = whole?.intersection(set) ?? set }
            return whole
        case .difference(let whole, _): return whole.reach(sets)
        }
    }
}

extension AddressSet {
    /// Whether it has more members than an IPv4 /8, the largest private block (RFC 1918 §3), or an IPv6 /16, a sixteenth
    /// of what a whole regional registry is given (ICANN, global policy for allocation of IPv6: /12).
    fileprivate var isWide: Bool {
        AddressFamily.allCases.contains { family in
            let limit: UInt128 =
                switch family {
                case .ipv4: 1 << 24
                case .ipv6: 1 << 112
                }
            var count: UInt128 = 0
            for interval in intervals(family).intervals {
                let size = interval.upperBound - interval.lowerBound
                // Compared before adding, which could overflow: all of IPv6 has 2¹²⁸ members.
                if size >= limit { return true }
                count += size + 1
                if count > limit { return true }
            }
            return false
        }
    }
}
