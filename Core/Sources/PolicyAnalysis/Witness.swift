import NetworkTypes
public import PolicyModel

/// A concrete case in which an answer shows.
public struct Witness: Hashable, Sendable {
    /// Who opens the flow.
    public let source: End
    /// Who is reached.
    public let destination: End
    /// What the flow is.
    public let point: ServicePoint
    /// The flow, which the engines do decide so; nil when an end has no address, or when no record of processes, principals
    /// and conditions was found with which they do.
    public let flow: Flow?
}

extension End {
    /// An address of a family to show to people; all are alike to policy.
    func example(_ family: AddressFamily) -> IPAddress? {
        // Documentation addresses: RFC 5737, RFC 3849.
        let familiar = [0xC633_6401, 0xCB00_7101, 0xC000_0201].map { IPAddress(ipv4: $0) }
        for address in familiar + [IPAddress(ipv6: 0x2001_0DB8 << 96 | 1)] where address.family == family {
            if ranges.contains(where: { $0.contains(address) }) { return address }
        }
        let own = ranges.filter { $0.family == family }
        guard owners.isEmpty, let wide = own.first(where: { $0.lower < $0.upper }) else { return own.first?.lower }
        // The lowest address of a range is often that of a network.
        return IPAddress(family, bits: wide.lower.bits + 1)
    }

    /// Addresses of this end and another, of one family.
    func examples(with other: End) -> (IPAddress, IPAddress)? {
        for family in AddressFamily.allCases {
            if let mine = example(family), let theirs = other.example(family) { return (mine, theirs) }
        }
        return nil
    }
}
