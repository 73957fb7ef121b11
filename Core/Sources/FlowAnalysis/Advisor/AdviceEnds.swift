import NetworkTypes
public import PolicyModel

/// Whom a rule of the advisor speaks of.
public enum AdviceGroup: Hashable, Comparable, Sendable {
    /// Workloads with these labels, in the order of the dimensions.
    case labels([LabelKey: LabelValue])
    /// One workload, which has none of the labels.
    case workload(WorkloadID)
    /// Addresses of no workload in a named set.
    case addressSet(AddressSetID)
    /// Everybody.
    case everybody

    /// The group in rules.
    public var expression: EndExpression {
        switch self {
        case .labels: .selector(scope)
        case .workload(let id): .workload(id)
        case .addressSet(let id): .addressSet(id)
        case .everybody: .any
        }
    }

    /// The selector that the group's workloads fulfil; all where labels do not tell them apart.
    public var scope: Selector {
        guard case .labels(let labels) = self else { return .all }
        let terms = labels.sorted { $0.key < $1.key }.map { Selector.equals($0.key, $0.value) }
        return terms.count == 1 ? terms[0] : .and(terms)
    }

    /// A name of letters, digits and dashes.
    public var slug: String {
        let text: String =
            switch self {
            case .labels(let labels): labels.sorted { $0.key < $1.key }.map(\.value.description).joined(separator: "-")
            case .workload(let id): id.rawValue
            case .addressSet(let id): id.rawValue
            case .everybody: "anyone"
            }
        return Self.slug(text)
    }

    static func slug(_ text: String) -> String {
        var result = ""
        for character in text.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                result.append(character)
            } else if result.last != "-", !result.isEmpty {
                result.append("-")
            }
        }
        while result.last == "-" { result.removeLast() }
        return result.isEmpty ? "group" : result
    }

    private var order: (Int, String) {
        switch self {
        case .labels: (0, slug)
        case .workload(let id): (1, id.rawValue)
        case .addressSet(let id): (2, id.rawValue)
        case .everybody: (3, "")
        }
    }

    /// Labels first, then by name.
    public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// Finds whom an address stands for.
struct AdviceEnds {
    private var groups: [IPAddress: AdviceGroup] = [:]
    private var shared: Set<IPAddress> = []
    /// The subnets of workloads.
    private var subnets: Set<Prefix> = []
    private let sets: [(id: AddressSetID, members: AddressSet)]

    init(_ workloads: [Workload], _ addressSets: [AddressSetID: AddressSet], _ dimensions: [LabelKey]) {
        for workload in workloads {
            let labels = workload.labels.filter { dimensions.contains($0.key) }
            let group: AdviceGroup = labels.isEmpty ? .workload(workload.id) : .labels(labels)
            for address in workload.addresses {
                if let known = groups[address], known != group { shared.insert(address) }
                groups[address] = group
                if let subnet = address.subnet { subnets.insert(subnet) }
            }
        }
        let sized = addressSets.map { (id: $0.key, members: $0.value, size: $0.value.size) }
        sets = sized.sorted { ($0.size, $0.id) < ($1.size, $1.id) }.map { ($0.id, $0.members) }
    }

    func isManaged(_ address: IPAddress) -> Bool { groups[address] != nil }

    /// The group of an address; nil where nobody said who it is, or several did.
    func group(of address: IPAddress) -> AdviceGroup? {
        if shared.contains(address) { return nil }
        return groups[address] ?? sets.first { $0.members.contains(address) }.map { .addressSet($0.id) }
    }

    /// Why an address without a group has none.
    func doubt(_ address: IPAddress) -> Doubt {
        if shared.contains(address) { return .sharedAddress }
        switch AddressKind(address) {
        case .multicast, .none: return .noHost
        case .global, .local: return address.subnet.map(subnets.contains) == true ? .unknownHost : .externalPeer
        }
    }
}
