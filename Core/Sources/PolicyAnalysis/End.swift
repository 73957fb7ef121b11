public import NetworkTypes
public import PolicyModel

/// Addresses that policy cannot tell apart and that have the same owners: one side of what connectivity is between.
///
/// Ends order workloads by name, then what several own, then what is outside by family and address.
public struct End: Sendable {
    /// What an end is.
    public enum Kind: Hashable, Sendable {
        /// One workload, or the part of it with some of its addresses.
        case workload(WorkloadID)
        /// Addresses that several workloads have.
        case shared([WorkloadID])
        /// Addresses that no workload has.
        case external
    }

    /// Whether there is more of a workload than one of its ends.
    public enum Extent: Hashable, Sendable {
        /// Policy treats all its addresses alike.
        case whole
        /// Policy tells its addresses apart, or some of them have other owners too.
        case part
    }

    /// The owners by name; none for addresses outside.
    public let owners: [WorkloadID]
    /// The addresses, ascending, of one family when outside; none for a workload without an address.
    public let ranges: [AddressRange]
    /// Whether its owners have other ends.
    public let extent: Extent
    /// Its place in the connectivity that it comes from.
    let number: Int
    /// The class of its addresses.
    let classNumber: UInt32

    /// What it is.
    public var kind: Kind {
        switch owners.count {
        case 0: .external
        case 1: .workload(owners[0])
        default: .shared(owners)
        }
    }

    /// The addresses.
    public var addresses: AddressSet { AddressSet(ranges) }

    /// Whether it can exchange packets with another: they share a family; who has no address may yet get any.
    public func sharesFamily(with other: End) -> Bool {
        if ranges.isEmpty || other.ranges.isEmpty { return true }
        return AddressFamily.allCases.contains { family in
            ranges.contains { $0.family == family } && other.ranges.contains { $0.family == family }
        }
    }

    /// Whether both belong to one workload alone, so that traffic between them is its own affair.
    public func isSelfTraffic(with other: End) -> Bool { owners.count == 1 && owners == other.owners }
}

extension End: Hashable, Comparable {
    public static func == (a: Self, b: Self) -> Bool { a.owners == b.owners && a.ranges == b.ranges }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(owners)
        hasher.combine(ranges)
    }

    public static func < (a: Self, b: Self) -> Bool {
        let (mine, theirs) = (a.rank, b.rank)
        if mine != theirs { return mine < theirs }
        if mine == 0, a.owners[0] != b.owners[0] { return a.owners[0] < b.owners[0] }
        if a.owners != b.owners { return a.owners.lexicographicallyPrecedes(b.owners) }
        return a.ranges.lexicographicallyPrecedes(b.ranges)
    }

    private var rank: Int { owners.isEmpty ? 2 : owners.count == 1 ? 0 : 1 }
}

extension End: CustomStringConvertible {
    /// The owners' names, then the addresses where there are others or no owner.
    public var description: String {
        let names = owners.map(\.rawValue).joined(separator: "+")
        if owners.count == 1, extent == .whole { return names }
        let places = ranges.map(\.description).joined(separator: ",")
        return names.isEmpty ? places : "\(names)[\(places)]"
    }
}
