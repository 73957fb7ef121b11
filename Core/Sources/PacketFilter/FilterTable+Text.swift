internal import NetworkTypes

extension FilterTable {
    /// The table as `nft -f` reads it; loading it where no such table exists installs everything in one transaction.
    public var text: String {
        Self.block(counters: counters, sets: sets, chains: chains.map(\.declaration) + base.map(\.declaration))
    }

    /// The base chains' priority: `NF_IP_PRI_FILTER`, 0 (linux/netfilter_ipv4.h), after connection tracking (−200) and
    /// destination translation (−100).
    public static let priority = "filter"

    static func block(counters: [FilterCounter], sets: [FilterSet], chains: [String]) -> String {
        let parts = counters.map(\.declaration) + sets.map(\.declaration) + chains
        return "table \(name) {\n" + parts.joined(separator: "\n") + "}\n"
    }
}

extension FilterCounter {
    var declaration: String { "    counter \(name) {\n        comment \"\(CommentText.escaped(comment))\"\n    }\n" }
}

extension FilterSet {
    var declaration: String {
        var lines = ["    set \(name) {", "        type \(type)"]
        switch kind {
        case .hosts: break
        case .ranges: lines.append("        flags interval")
        case .sample(_, _, let size, let seconds):
            lines += ["        size \(size)", "        flags dynamic,timeout", "        timeout \(seconds)s"]
        }
        if !elements.isEmpty {
            let list = elements.map(\.description).joined(separator: ",\n            ")
            lines.append("        elements = {\n            \(list)\n        }")
        }
        return lines.joined(separator: "\n") + "\n    }\n"
    }

    private var type: String {
        switch kind {
        case .hosts(let family), .ranges(let family): family.addressType
        case .sample(let family, let hasPorts, _, _):
            "\(family.addressType) . \(family.addressType) . inet_proto" + (hasPorts ? " . inet_service" : "")
        }
    }
}

extension FilterChain {
    var declaration: String { "    chain \(name) {\n\(FilterChain.lines(rules))    }\n" }

    static func lines(_ rules: [FilterRule]) -> String { rules.map { "        \($0.text)\n" }.joined() }
}

extension FilterBaseChain {
    var declaration: String {
        "    chain \(hook.rawValue) {\n        type filter hook \(hook.rawValue) priority \(FilterTable.priority);"
            + " policy accept;\n\(FilterChain.lines(rules))    }\n"
    }
}

extension FilterRule {
    /// The rule in nft's words, without a line break.
    public var text: String {
        let remark = comment.map { ["comment \"\(CommentText.escaped($0))\""] } ?? []
        return (matches.map(\.text) + statements.map(\.text) + remark).joined(separator: " ")
    }
}

extension FilterMatch {
    var text: String {
        switch self {
        case .address(let family, let side, let set, let isMember):
            "\(family.header) \(side.addressField) \(isMember ? "" : "!= ")@\(set)"
        case .family(let family): "meta nfproto \(family == .ipv4 ? "ipv4" : "ipv6")"
        case .proto(let protocols, let isMember):
            "meta l4proto \(isMember ? "" : "!= ")\(Self.list(protocols.map(\.filterName)))"
        case .ports(let proto, let side, let ports):
            "\(proto.filterName) \(side.portField) \(Self.list(ports.text.split(separator: ",").map(String.init)))"
        case .messages(let proto, let types): "\(proto.filterName) type \(Self.list(types.map(\.description)))"
        case .hopLimitIsNot(.ipv4, let limit): "ip ttl != \(limit)"
        case .hopLimitIsNot(.ipv6, let limit): "ip6 hoplimit != \(limit)"
        case .loopback(.input): "iif \"lo\""
        case .loopback(.output): "oif \"lo\""
        case .isNotOpening: "tcp flags & (fin | syn | rst | ack) != syn"
        case .isReset: "tcp flags & rst == rst"
        case .before(let second): "meta time < \(second)"
        case .notBefore(let second): "meta time >= \(second)"
        case .isSampled(let family, let hasPorts, let set): "\(family.tuple(hasPorts)) @\(set)"
        }
    }

    private static func list(_ items: [String]) -> String {
        items.count == 1 ? items[0] : "{ \(items.joined(separator: ", ")) }"
    }
}

extension FilterStatement {
    var text: String {
        switch self {
        case .counter(let name): "counter name \"\(name)\""
        case .log(let prefix, let group): "log prefix \"\(CommentText.escaped(prefix))\" group \(group)"
        case .sample(let family, let hasPorts, let set): "add @\(set) { \(family.tuple(hasPorts)) }"
        case .dispatch(let key, let cases):
            "\(key.text) vmap { " + cases.map { "\(key.value($0.values)) : \($0.verdict.text)" }.joined(separator: ", ")
                + " }"
        case .verdict(let verdict): verdict.text
        }
    }
}

extension FilterVerdict {
    var text: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .reset: "reject with tcp reset"
        case .prohibit: "reject with icmpx admin-prohibited"
        case .return: "return"
        case .continue: "continue"
        case .jump(let chain): "jump \(chain)"
        case .goto(let chain): "goto \(chain)"
        }
    }
}

extension FilterKey {
    var text: String {
        switch self {
        case .connectionState: "ct state"
        case .proto: "meta l4proto"
        case .port(let proto, let side): "\(proto.filterName) \(side.portField)"
        case .messageType(let proto): "\(proto.filterName) type"
        case .messageCode(let proto): "\(proto.filterName) code"
        }
    }

    func value(_ values: ClosedRange<UInt16>) -> String {
        switch self {
        case .connectionState: ConnectionState(rawValue: values.lowerBound)?.name ?? "\(values.lowerBound)"
        case .proto: IPProtocol(rawValue: UInt8(truncatingIfNeeded: values.lowerBound)).filterName
        case .port, .messageType, .messageCode: IntervalSet(values).text
        }
    }
}

/// The states of connection tracking; raw values are `NF_CT_STATE_BIT` (linux/netfilter/nf_conntrack_common.h).
enum ConnectionState: UInt16 {
    case invalid = 1
    case established = 2
    case related = 4
    case new = 8
    case untracked = 64

    var name: String {
        switch self {
        case .invalid: "invalid"
        case .established: "established"
        case .related: "related"
        case .new: "new"
        case .untracked: "untracked"
        }
    }
}

extension PacketSide {
    var addressField: String {
        switch self {
        case .source: "saddr"
        case .destination: "daddr"
        }
    }

    var portField: String {
        switch self {
        case .source: "sport"
        case .destination: "dport"
        }
    }
}

extension AddressFamily {
    var header: String {
        switch self {
        case .ipv4: "ip"
        case .ipv6: "ip6"
        }
    }

    var addressType: String {
        switch self {
        case .ipv4: "ipv4_addr"
        case .ipv6: "ipv6_addr"
        }
    }

    func tuple(_ hasPorts: Bool) -> String {
        "\(header) saddr . \(header) daddr . meta l4proto" + (hasPorts ? " . th dport" : "")
    }
}

extension IPProtocol {
    /// What nft calls the protocol: a keyword of its grammar where it has one, so that no `/etc/protocols` is needed.
    var filterName: String {
        switch self {
        case .tcp, .udp, .icmp, .icmpv6, .igmp, .dccp, .sctp, .udplite, .esp, .ah: description
        default: String(rawValue)
        }
    }
}
