import NetworkTypes

/// What a `reject` statement asks for (nft(8), "Reject statement").
enum RejectKind: Hashable, Sendable {
    case tcpReset
    case icmp(UInt8)
    case icmpv6(UInt8)
    /// `NFT_REJECT_ICMPX_*`: 0 no route, 1 port, 2 host, 3 administratively (linux/netfilter/nf_tables.h).
    case icmpx(UInt8)

    /// What a bare `reject` means.
    static let standard = Self.icmpx(1)

    /// The answer with a code's name or number, or nil when there is no such code.
    init?(family: String, code: String) {
        func number(_ type: Datatype) -> UInt8? { type.values(code).map { UInt8(truncatingIfNeeded: $0.lowerBound) } }
        switch family {
        case "icmp":
            guard let code = number(.icmpCode) else { return nil }
            self = .icmp(code)
        case "icmpv6":
            guard let code = number(.icmpv6Code) else { return nil }
            self = .icmpv6(code)
        case "icmpx":
            let names: [String: UInt8] = [
                "no-route": 0, "port-unreachable": 1, "host-unreachable": 2, "admin-prohibited": 3,
            ]
            guard let code = names[code] ?? number(.integer8), code <= 3 else { return nil }
            self = .icmpx(code)
        default: return nil
        }
    }

    /// What goes out for a packet of this version; `icmpx` by `nf_reject_icmp_code` and `nf_reject_icmpv6_code`.
    func answer(_ family: AddressFamily) -> RejectAnswer {
        switch (self, family) {
        case (.tcpReset, _): .tcpReset
        case (.icmp(let code), _): .icmp(code: code)
        case (.icmpv6(let code), _): .icmpv6(code: code)
        case (.icmpx(let code), .ipv4): .icmp(code: [0, 3, 1, 13][Int(code & 3)])
        case (.icmpx(let code), .ipv6): .icmpv6(code: [0, 4, 3, 1][Int(code & 3)])
        }
    }
}
