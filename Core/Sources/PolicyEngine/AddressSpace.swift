package import NetworkTypes
internal import PolicyModel

/// The address space of both families, cut wherever membership in one of the policy's address sets changes.
///
/// Two addresses with one *signature* are in the same sets.
package struct AddressSpace: Sendable {
    /// The distinct sets, in order of first mention.
    private(set) var sets: [AddressSet] = []
    private var indexOfSet: [AddressSet: Int] = [:]
    /// The first address of each elementary interval of a family, ascending from 0, with its signature.
    private typealias Cuts = [(start: UInt128, signature: UInt32)]

    private var ipv4: Cuts = []
    private var ipv6: Cuts = []
    /// The sets that the addresses of each signature are in; signature 0 is in none.
    private(set) var members: [[Int]] = [[]]

    init(sets: [AddressSet]) {
        for set in sets where indexOfSet[set] == nil {
            indexOfSet[set] = self.sets.count
            self.sets.append(set)
        }
        var known: [[Int]: UInt32] = [[]: 0]
        ipv4 = cut(.ipv4, &known)
        ipv6 = cut(.ipv6, &known)
    }

    /// The number by which `set` is known, or nil when the space was not cut for it.
    func index(of set: AddressSet) -> Int? { indexOfSet[set] }

    private func cuts(_ family: AddressFamily) -> Cuts {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }

    private mutating func cut(_ family: AddressFamily, _ known: inout [[Int]: UInt32]) -> Cuts {
        var events: [(at: UInt128, set: Int, enters: Bool)] = []
        for (index, set) in sets.enumerated() {
            for interval in set.intervals(family).intervals {
                events.append((interval.lowerBound, index, true))
                if interval.upperBound < family.highest { events.append((interval.upperBound + 1, index, false)) }
            }
        }
        events.sort { $0.at < $1.at }
        var result: Cuts = [(0, 0)]
        var active: Set<Int> = []
        var next = 0
        while next < events.count {
            let at = events[next].at
            while next < events.count, events[next].at == at {
                if events[next].enters { active.insert(events[next].set) } else { active.remove(events[next].set) }
                next += 1
            }
            let list = active.sorted()
            let signature = known[list] ?? UInt32(members.count)
            if signature == UInt32(members.count) {
                members.append(list)
                known[list] = signature
            }
            if at == 0 { result.removeLast() }
            result.append((at, signature))
        }
        return result
    }

    /// The signature of an address; logarithmic in the number of cuts.
    func signature(of address: IPAddress) -> UInt32 {
        let list = cuts(address.family)
        if list.count == 1 { return list[0].signature }
        var low = 0
        var high = list.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if list[middle].start <= address.bits { low = middle } else { high = middle - 1 }
        }
        return list[low].signature
    }

    /// The elementary intervals of a family in ascending order, which together are the whole family.
    package func intervals(_ family: AddressFamily) -> [(range: ClosedRange<UInt128>, signature: UInt32)] {
        let list = cuts(family)
        return list.indices.map { index in
            let end = index + 1 < list.count ? list[index + 1].start - 1 : family.highest
            return (list[index].start...end, list[index].signature)
        }
    }

    /// The addresses of a family that have this signature.
    func addresses(with signature: UInt32) -> AddressSet {
        AddressSet(
            AddressFamily.allCases.flatMap { family in
                intervals(family).filter { $0.signature == signature }.compactMap { part -> AddressRange? in
                    guard let lower = IPAddress(family, bits: part.range.lowerBound),
                        let upper = IPAddress(family, bits: part.range.upperBound)
                    else { return nil }
                    return AddressRange(lower, upper)
                }
            })
    }
}
