public import NetworkTypes

/// Something that a host of the lab answers to, over both families.
public struct LabService: Hashable, Sendable {
    /// TCP or UDP.
    public let proto: IPProtocol
    /// The port; below 20,000.
    public let port: UInt16
    /// What people call it.
    public let name: String
    /// For TCP: whom a `RELAY` request is passed on to, and whose answer comes back behind the host's own name.
    public let relay: Endpoint?

    /// A place that a service relays to.
    public struct Endpoint: Hashable, Sendable {
        /// The IPv4 and IPv6 addresses; the one of the request's family is used.
        public let addresses: [IPAddress]
        /// The TCP port.
        public let port: UInt16

        /// Makes a place.
        public init(addresses: [IPAddress], port: UInt16) {
            self.addresses = addresses
            self.port = port
        }
    }

    /// Makes a service that answers with what it was sent.
    public init(_ proto: IPProtocol, _ port: UInt16, _ name: String, relay: Endpoint? = nil) {
        self.proto = proto
        self.port = port
        self.name = name
        self.relay = relay
    }
}
