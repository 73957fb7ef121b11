import NetworkTypes
import PolicyModel

/// Which traffic a rule opens: protocols with the ports of those that have ports.
struct TailscaleService: Hashable {
    /// The protocol that was written; nil is what Tailscale means when none is: `defaults`.
    var proto: IPProtocol?
    /// The ports, everything for `*`.
    var ports: PortSet

    /// What a rule without protocol opens: absent `IPProto` in a compiled filter (tailcfg, `FilterRule.IPProto`).
    static let defaults: [IPProtocol] = [.tcp, .udp, .icmp, .icmpv6]

    /// The protocols meant.
    var protocols: [IPProtocol] { proto.map { [$0] } ?? Self.defaults }

    /// The service in the flat form; ports narrow only protocols that have any, as the client does (`wgengine/filter`).
    var terms: [ServiceTerm] {
        protocols.map { $0.hasPorts && ports != .all ? .ports($0, destination: ports) : .proto($0) }
    }

    /// The names that the policy file knows (https://tailscale.com/kb/1337/acl-syntax, *proto*).
    private static let names: [String: UInt8] = [
        "icmp": 1, "igmp": 2, "ipv4": 4, "ip-in-ip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "gre": 47, "esp": 50,
        "ah": 51, "ipv6-icmp": 58, "sctp": 132, "fc": 133,
    ]

    /// A text that names no protocol or no ports, and what was expected.
    struct Fault: Error {
        var code: String
        var message: String
    }

    /// The protocol of a name or a number; nil for the empty text, which means the defaults.
    static func proto(_ text: some StringProtocol) throws(Fault) -> IPProtocol? {
        if text.isEmpty { return nil }
        if let number = names[text.lowercased()] { return IPProtocol(rawValue: number) }
        guard text.utf8.count <= 3, text.utf8.allSatisfy({ (48...57).contains($0) }), text.utf8.first != 48,
            let number = UInt8(text)
        else {
            throw Fault(
                code: "unknown-protocol",
                message: "expected a protocol's name or its number from 1 to 255, got \(quoted(text))")
        }
        return IPProtocol(rawValue: number)
    }

    /// Whether specific ports make sense: TCP, UDP, SCTP and the defaults.
    static func takesPorts(_ proto: IPProtocol?) -> Bool {
        proto == nil || proto == .tcp || proto == .udp || proto == .sctp
    }

    /// `*`, or a list of ports and ranges such as `22,80-443`.
    static func ports(_ text: some StringProtocol) throws(Fault) -> PortSet {
        if text == "*" { return .all }
        var parts: [ClosedRange<UInt16>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = ends.first.flatMap({ port($0) }),
                let last = ends.last.flatMap({ port($0) })
            else {
                throw Fault(
                    code: "invalid-port", message: "expected a port, a range or `*`, got \(quoted(item))")
            }
            if ends.count == 1, first == 0 {
                throw Fault(
                    code: "invalid-port", message: "expected a port from 1 to 65535, got `0`; `*` means every port")
            }
            guard first <= last else {
                throw Fault(
                    code: "reversed-range",
                    message: "expected a range from the lower port to the higher, got \(quoted(item))")
            }
            parts.append(first...last)
        }
        return PortSet(parts)
    }

    private static func port(_ text: some StringProtocol) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt16(text)
    }

    /// What `ip` of a grant says: `*`, `22`, `tcp:80-443`, `icmp:*`.
    static func grant(_ text: String) throws(Fault) -> Self {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last else {
            throw Fault(code: "invalid-service", message: "expected `PROTOCOL:PORTS`, got \(quoted(text))")
        }
        guard let first = parts.first, parts.count == 2 else { return Self(proto: nil, ports: try ports(last)) }
        guard !first.isEmpty else {
            throw Fault(code: "unknown-protocol", message: "expected a protocol before `:`, got \(quoted(text))")
        }
        return try checked(proto: try proto(first), ports: try ports(last))
    }

    /// The service, where the protocol can have such ports.
    static func checked(proto: IPProtocol?, ports: PortSet) throws(Fault) -> Self {
        guard takesPorts(proto) || ports == .all else {
            throw Fault(code: "ports-without-ports", message: "expected `*` for a protocol that has no ports")
        }
        return Self(proto: proto, ports: ports)
    }
}
