import NetworkTypes
import PolicyModel

/// Finds the group of an address; each address is worked out once.
///
/// Groups are numbered in the order in which they are met, so that what is added up by group hashes numbers.
struct GroupFinder {
    /// The groups met so far.
    private(set) var groups: [MapGroup] = []
    private var numbers: [MapGroup: Int] = [:]
    private let groupOfWorkload: [IPAddress: MapGroup]
    private let sets: [(id: AddressSetID, members: AddressSet)]
    private let names: [IPAddress: String]
    private var known: [IPAddress: Int] = [:]

    /// The addresses met so far, by group; each group's in order.
    var members: [MapGroup: [IPAddress]] {
        var result: [MapGroup: [IPAddress]] = [:]
        for (address, number) in known { result[groups[number], default: []].append(address) }
        return result.mapValues { $0.sorted() }
    }

    /// With `dimensions` workloads are grouped by their labels; without, by where they are, like every address.
    init(
        workloads: [Workload], addressSets: [AddressSetID: AddressSet], names: [IPAddress: String],
        dimensions: [LabelKey]?
    ) {
        self.names = names
        var groups: [IPAddress: MapGroup] = [:]
        if let dimensions {
            for workload in workloads {
                let group = MapGroup.labels(dimensions.map { workload.labels[$0] })
                for address in workload.addresses {
                    groups[address] = groups[address].map { $0 == group ? group : .shared } ?? group
                }
            }
        }
        groupOfWorkload = groups
        var sized: [(id: AddressSetID, members: AddressSet, size: Double)] = []
        for (id, members) in addressSets { sized.append((id, members, members.size)) }
        sized.sort { a, b in a.size == b.size ? a.id < b.id : a.size < b.size }
        sets = sized.map { ($0.id, $0.members) }
    }

    /// The number of the address's group in `groups`.
    mutating func group(of address: IPAddress) -> Int {
        if let number = known[address] { return number }
        let group = groupOfWorkload[address] ?? unmanaged(address)
        let number = numbers[group] ?? groups.count
        if number == groups.count {
            groups.append(group)
            numbers[group] = number
        }
        known[address] = number
        return number
    }

    /// The part of a name that one owner has, as far as its form tells: the last two labels, or three below a country's
    /// registry such as `co.uk`.
    static func domain(of name: String) -> String {
        let labels = name.lowercased().split(separator: ".")
        guard labels.count > 2, let last = labels.last else { return labels.joined(separator: ".") }
        let isRegistry = last.utf8.count == 2 && labels[labels.count - 2].utf8.count <= 3
        return labels.suffix(isRegistry ? 3 : 2).joined(separator: ".")
    }

    private func unmanaged(_ address: IPAddress) -> MapGroup {
        if let set = sets.first(where: { $0.members.contains(address) }) { return .addressSet(set.id) }
        switch AddressKind(address) {
        case .multicast: return .multicast
        case .none: return .noHost
        case .global: return names[address].map { .domain(Self.domain(of: $0)) } ?? .internet
        case .local:
            guard let prefix = address.subnet else { return .internet }
            return .subnet(prefix)
        }
    }
}

extension IPAddress {
    /// The /24 or /64 of the address: what most networks give one link (RFC 4291 §2.5.1 for IPv6).
    var subnet: Prefix? {
        let highest = family.highest
        let length = family == .ipv4 ? 24 : 64
        return IPAddress(family, bits: bits & (highest ^ (highest >> length))).flatMap { Prefix($0, length: length) }
    }
}
