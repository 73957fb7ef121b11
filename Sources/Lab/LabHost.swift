public import Netfilter
public import NetworkTypes

/// A machine of the lab: a network namespace with addresses of both families.
public struct LabHost: Sendable {
    /// Its name, which is also the workload's where it is one.
    public let name: String
    /// Its addresses: IPv4 and IPv6 in turn.
    public let addresses: [IPAddress]
    /// Where its sockets and its wall live.
    public let namespace: NetworkNamespace
    /// Where its probes come from; no port is used twice, so that no tracked connection serves a later probe.
    public let sourcePorts: PortSequence

    /// Its first address of a family.
    public func address(_ family: AddressFamily) -> IPAddress? { addresses.first { $0.family == family } }
}
