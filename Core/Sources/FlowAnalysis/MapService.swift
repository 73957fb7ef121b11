public import Flows
public import NetworkTypes

/// A protocol with what is asked for in it: the service of an edge.
public struct MapService: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The protocol above IP.
    public let proto: IPProtocol
    /// The destination port, or ICMP type and code.
    public let service: EdgeService

    /// Makes a service.
    public init(proto: IPProtocol, service: EdgeService) {
        self.proto = proto
        self.service = service
    }

    /// The form that policy files use: `tcp/443`, `icmp/8`, `icmp/3:4`, `gre`.
    public var description: String {
        switch service {
        case .unspecified: "\(proto)"
        case .port(let port): "\(proto)/\(port)"
        case .icmp(let message): "\(proto)/\(message.type)" + (message.code == 0 ? "" : ":\(message.code)")
        }
    }

    /// Orders by protocol, then service.
    public static func < (a: Self, b: Self) -> Bool { a.proto == b.proto ? a.service < b.service : a.proto < b.proto }
}
