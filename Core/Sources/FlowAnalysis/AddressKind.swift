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
        } else if AddressSet.noHost.contains(address) {
            self = .none
        } else {
            self = AddressSet.local.contains(address) ? .local : .global
        }
    }
}
