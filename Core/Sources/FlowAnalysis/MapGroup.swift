public import NetworkTypes
public import PolicyModel

/// What the ends of a map's edges are gathered into.
public enum MapGroup: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Workloads with these values of the dimensions asked for, in their order; nil where a label is absent.
    case labels([LabelValue?])
    /// Addresses that workloads of more than one group have.
    case shared
    /// Addresses of no workload in a named set of the policy; of several, in the smallest.
    case addressSet(AddressSetID)
    /// Addresses of the internet to which name servers gave names of this domain.
    case domain(String)
    /// Private addresses of no workload: a /24, or a /64.
    case subnet(Prefix)
    /// Multicast addresses.
    case multicast
    /// Addresses that are no particular host's, such as 0.0.0.0 and 255.255.255.255.
    case noHost
    /// All other addresses.
    case internet

    /// The group as one word; values stand in the order of the dimensions, with `-` for an absent label.
    public var description: String {
        switch self {
        case .labels(let values): values.map { $0?.description ?? "-" }.joined(separator: "/")
        case .shared: "shared addresses"
        case .addressSet(let name): "set \(name)"
        case .domain(let name): name
        case .subnet(let prefix): prefix.description
        case .multicast: "multicast"
        case .noHost: "no host"
        case .internet: "internet"
        }
    }

    /// Orders labels first, then as the cases are written; by values, names or prefixes inside.
    public static func < (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.labels(let a), .labels(let b)):
            // An absent label comes first.
            for (x, y) in zip(a, b) where x != y {
                guard let x else { return true }
                guard let y else { return false }
                return x < y
            }
            return a.count < b.count
        case (.addressSet(let a), .addressSet(let b)): return a < b
        case (.domain(let a), .domain(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.subnet(let a), .subnet(let b)): return a < b
        case (.labels, _), (.shared, _), (.addressSet, _), (.domain, _), (.subnet, _), (.multicast, _), (.noHost, _),
            (.internet, _):
            return a.order < b.order
        }
    }

    private var order: Int {
        switch self {
        case .labels: 0
        case .shared: 1
        case .addressSet: 2
        case .domain: 3
        case .subnet: 4
        case .multicast: 5
        case .noHost: 6
        case .internet: 7
        }
    }
}
