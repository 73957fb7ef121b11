import NetworkTypes

/// Makes up addresses for workloads that the files give none, out of blocks that no host has.
///
/// An address follows from the workload's name alone, unless two names fall on one address: then the later name, by
/// bytes, takes the next free one.
struct StandInAddresses {
    /// IPv4: reserved for future use (RFC 1112 §4, IANA IPv4 Special-Purpose Address Registry), without the broadcast address.
    static let ipv4: ClosedRange<UInt32> = 0xF000_0000...0xFFFF_FFFE
    /// IPv6: the discard-only block `100::/64` (RFC 6666).
    static let ipv6: UInt128 = 0x0100 << 112

    private var taken: Set<IPAddress>

    /// Makes addresses that are none of those.
    init(besides real: Set<IPAddress>) { taken = real }

    /// The address of a family for a name; nil when the block is used up.
    mutating func address(for name: String, _ family: AddressFamily) -> IPAddress? {
        let hash = Self.hash(name)
        let size = UInt64(Self.ipv4.upperBound - Self.ipv4.lowerBound) + 1
        for step in 0..<UInt64(1 << 20) {
            let candidate: IPAddress
            switch family {
            case .ipv4:
                candidate = IPAddress(
                    ipv4: Self.ipv4.lowerBound + UInt32(truncatingIfNeeded: ((hash % size) + step) % size))
            case .ipv6: candidate = IPAddress(ipv6: Self.ipv6 | UInt128(hash &+ step))
            }
            if taken.insert(candidate).inserted { return candidate }
        }
        return nil
    }

    /// FNV-1a, 64 bits (draft-eastlake-fnv §3): the same on every machine.
    private static func hash(_ name: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
