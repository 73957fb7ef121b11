import NetworkTypes
import PolicyModel

/// Finds the group of an address; each address is worked out once.
///
/// Groups are numbered in the order in which they are met, so that what is added up by group hashes numbers.
struct GroupFinder {
    /// The groups met so far.
    private(set) var groups: [MapGroup] = []
    private var numbers: [MapGroup: Int] = [:]
    private let workloads: [Workload]
    private let dimensions: [LabelKey]
    private let sets: [(id: AddressSetID, members: AddressSet)]
    private let names: [IPAddress: String]
    /// What is known of each address.
    private var known = AddressNumbers()
    /// What addresses of workloads belong to, before they are met.
    private var origins: [Origin] = []

    private enum Origin {
        case workload(Int)
        /// Several workloads, of different groups.
        case shared
    }

    /// The addresses met so far, by group; each group's in order.
    var members: [MapGroup: [IPAddress]] {
        var result: [[IPAddress]] = Array(repeating: [], count: groups.count)
        known.forEach { address, number in
            if number >= 0 { result[Int(number)].append(address) }
        }
        return Dictionary(uniqueKeysWithValues: zip(groups, result.map { $0.sorted() }))
    }

    /// With `dimensions` workloads are grouped by their labels; without, by where they are, like every address.
    init(
        workloads: [Workload], addressSets: [AddressSetID: AddressSet], names: [IPAddress: String],
        dimensions: [LabelKey]?
    ) {
        self.names = names
        self.workloads = dimensions == nil ? [] : workloads
        self.dimensions = dimensions ?? []
        var sized: [(id: AddressSetID, members: AddressSet, size: Double)] = []
        for (id, members) in addressSets { sized.append((id, members, members.size)) }
        sized.sort { a, b in a.size == b.size ? a.id < b.id : a.size < b.size }
        sets = sized.map { ($0.id, $0.members) }
        known.reserveCapacity(self.workloads.count)
        origins.reserveCapacity(self.workloads.count)
        for (index, workload) in self.workloads.enumerated() {
            for address in workload.addresses {
                guard let other = known[address] else {
                    known[address] = ~Int32(origins.count)
                    origins.append(.workload(index))
                    continue
                }
                let place = Int(~other)
                if case .workload(let other) = origins[place], !isAlike(workload, self.workloads[other]) {
                    origins[place] = .shared
                }
            }
        }
    }

    private func isAlike(_ one: Workload, _ other: Workload) -> Bool {
        dimensions.allSatisfy { one.labels[$0] == other.labels[$0] }
    }

    /// The number of the address's group in `groups`.
    mutating func group(of address: IPAddress) -> Int {
        let found = known[address]
        if let found, found >= 0 { return Int(found) }
        let group: MapGroup =
            switch found.map({ origins[Int(~$0)] }) {
            case .workload(let index): .labels(dimensions.map { workloads[index].labels[$0] })
            case .shared: .shared
            case nil: unmanaged(address)
            }
        let number = numbers[group] ?? groups.count
        if number == groups.count {
            groups.append(group)
            numbers[group] = number
        }
        known[address] = Int32(number)
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

/// A number for each address: of a group that was met, or, below zero, the complement of the place of its origin.
///
/// IPv4 addresses apart, since keys of four bytes stay in the caches when those of thirty-two do not.
private struct AddressNumbers {
    private var four: [UInt32: Int32] = [:]
    private var six: [IPAddress: Int32] = [:]

    mutating func reserveCapacity(_ count: Int) { four.reserveCapacity(count) }

    subscript(address: IPAddress) -> Int32? {
        get { address.family == .ipv4 ? four[UInt32(truncatingIfNeeded: address.bits)] : six[address] }
        set {
            if address.family == .ipv4 {
                four[UInt32(truncatingIfNeeded: address.bits)] = newValue
            } else {
                six[address] = newValue
            }
        }
    }

    func forEach(_ body: (IPAddress, Int32) -> Void) {
        for (bits, number) in four { body(IPAddress(ipv4: bits), number) }
        for (address, number) in six { body(address, number) }
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
