public import NetworkTypes

/// One line of a service: what traffic it covers at the destination.
public enum ServiceTerm: Hashable, Sendable {
    /// Every protocol and port.
    case any
    /// Everything of one protocol.
    case proto(IPProtocol)
    /// Ports of a protocol that has ports; `source` is every port unless narrowed. An empty set matches nothing.
    case ports(IPProtocol, destination: PortSet, source: PortSet = .all)
    /// An ICMP or ICMPv6 message type; a nil code means every code.
    case icmp(IPProtocol, type: UInt8, code: UInt8?)
    /// What the destination workload calls by this name; nothing where it has no such name or is no workload.
    case named(PortName)
}
