/// A set of addresses of both families.
public struct AddressSet: Hashable, Sendable {
    private var ipv4: IntervalSet<UInt128>
    private var ipv6: IntervalSet<UInt128>

    /// The set without a member.
    public init() {
        ipv4 = IntervalSet()
        ipv6 = IntervalSet()
    }

    /// The union of ranges in any order.
    public init(_ ranges: some Sequence<AddressRange>) {
        var parts: [AddressFamily: [ClosedRange<UInt128>]] = [:]
        for range in ranges { parts[range.family, default: []].append(range.lower.bits...range.upper.bits) }
        ipv4 = IntervalSet(parts[.ipv4] ?? [])
        ipv6 = IntervalSet(parts[.ipv6] ?? [])
    }

    /// The union of prefixes in any order.
    public init(_ prefixes: some Sequence<Prefix>) { self.init(prefixes.map(\.range)) }

    /// Every address of both families.
    public static var all: Self { Self([Prefix.all(.ipv4), Prefix.all(.ipv6)]) }

    private init(_ ipv4: IntervalSet<UInt128>, _ ipv6: IntervalSet<UInt128>) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    /// Whether the set has no member.
    public var isEmpty: Bool { ipv4.isEmpty && ipv6.isEmpty }

    /// The members of one family as integers.
    public func intervals(_ family: AddressFamily) -> IntervalSet<UInt128> {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }

    /// The members as disjoint ranges, IPv4 first, ascending.
    public var ranges: [AddressRange] {
        AddressFamily.allCases.flatMap { family in
            intervals(family).intervals.map {
                AddressRange(
                    unchecked: IPAddress(unchecked: family, $0.lowerBound),
                    IPAddress(unchecked: family, $0.upperBound))
            }
        }
    }

    /// The fewest prefixes that cover exactly the members, IPv4 first, ascending.
    public var prefixes: [Prefix] { ranges.flatMap(\.prefixes) }

    /// Whether the address is a member; logarithmic.
    public func contains(_ address: IPAddress) -> Bool { intervals(address.family).contains(address.bits) }

    /// The members of either set.
    public func union(_ other: Self) -> Self { Self(ipv4.union(other.ipv4), ipv6.union(other.ipv6)) }

    /// The members of both sets.
    public func intersection(_ other: Self) -> Self {
        Self(ipv4.intersection(other.ipv4), ipv6.intersection(other.ipv6))
    }

    /// The members that `other` lacks.
    public func subtracting(_ other: Self) -> Self {
        Self(ipv4.subtracting(other.ipv4), ipv6.subtracting(other.ipv6))
    }
}
