import NetworkTypes

/// What an address is good for, as far as its number tells.
enum AddressKind: Hashable, Sendable {
    /// Reachable from everywhere, as far as the number tells.
    case global
    /// Only meaningful inside somebody's network.
    case local
    /// A group of receivers.
    case multicast
    /// No particular host: the source of a host that has no address yet, or every host on a link.
    case none

    init(_ address: IPAddress) {
        if address.isMulticast {
            self = .multicast
        } else if Self.noHost.contains(address) {
            self = .none
        } else {
            self = Self.localNetworks.contains(address) ? .local : .global
        }
    }

    /// RFC 1918; RFC 6598 (shared); RFC 3927 and RFC 4291 §2.5.6 (link-local); RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3
    /// (loopback); RFC 4193 (unique local).
    private static let localNetworks = set([
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
        "fe80::/10", "::1/128",
    ])

    /// RFC 1122 §3.2.1.3 (this host, limited broadcast); RFC 4291 §2.5.2.
    private static let noHost = set(["0.0.0.0/8", "255.255.255.255/32", "::/128"])

    private static func set(_ prefixes: [String]) -> AddressSet { AddressSet(prefixes.compactMap { Prefix($0) }) }
}
