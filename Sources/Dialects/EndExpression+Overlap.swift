import NetworkTypes
import PolicyModel

extension EndExpression {
    /// Whether the expression holds for an address of a workload; named sets count as empty.
    func holds(for workload: Workload, _ address: IPAddress) -> Bool {
        switch self {
        case .any, .anyWorkload: true
        case .selector(let selector): selector.matches(workload.labels)
        case .workload(let id): workload.id == id
        case .addressSet: false
        case .addresses(let set): set.contains(address)
        case .union(let parts): parts.contains { $0.holds(for: workload, address) }
        case .intersection(let parts): parts.allSatisfy { $0.holds(for: workload, address) }
        case .difference(let first, let second):
            first.holds(for: workload, address) && !second.holds(for: workload, address)
        }
    }

    /// The addresses that it holds for where no workload has them; named sets count as empty.
    var outside: AddressSet {
        switch self {
        case .any: .all
        case .anyWorkload, .selector, .workload, .addressSet: AddressSet()
        case .addresses(let set): set
        case .union(let parts): parts.reduce(AddressSet()) { $0.union($1.outside) }
        case .intersection(let parts): parts.reduce(.all) { $0.intersection($1.outside) }
        case .difference(let first, let second): first.outside.subtracting(second.outside)
        }
    }

    /// Whether both expressions hold for an address, of one of the workloads or of nobody.
    func meets(_ other: EndExpression, among workloads: [Workload]) -> Bool {
        workloads.contains { workload in
            workload.addresses.contains { holds(for: workload, $0) && other.holds(for: workload, $0) }
        } || !outside.intersection(other.outside).isEmpty
    }
}

extension ServiceTerm {
    /// Whether some traffic may be covered by both terms; a named port may be any port.
    func mayMeet(_ other: ServiceTerm) -> Bool {
        switch (self, other) {
        case (.any, _), (_, .any), (.named, _), (_, .named): true
        case (.proto(let a), .proto(let b)), (.proto(let a), .ports(let b, _, _)), (.ports(let a, _, _), .proto(let b)),
            (.proto(let a), .icmp(let b, _, _)), (.icmp(let a, _, _), .proto(let b)),
            (.icmp(let a, _, _), .icmp(let b, _, _)):
            a == b
        case (.ports(let a, let ports, _), .ports(let b, let others, _)):
            a == b && !ports.intersection(others).isEmpty
        case (.ports, .icmp), (.icmp, .ports): false
        }
    }
}
