public import NetworkTypes

/// The one nftables table of a host, as values; `FilterTable.text` prints it.
///
/// Everything but the base chains, the sampling sets and the counters is named by a hash of its content, so equal
/// content has one name in every revision, and a name never changes its meaning.
public struct FilterTable: Hashable, Sendable {
    /// The table's family and name in nft's words.
    public static let name = "inet bulkhead"

    /// The named counters by name.
    public var counters: [FilterCounter]
    /// The named sets in order of first use.
    public var sets: [FilterSet]
    /// The regular chains; a chain stands after those that it leads to.
    public var chains: [FilterChain]
    /// The base chains, each with one jump, or with no rule where nothing is enforced.
    public var base: [FilterBaseChain]

    /// Makes a table.
    public init(counters: [FilterCounter], sets: [FilterSet], chains: [FilterChain], base: [FilterBaseChain]) {
        self.counters = counters
        self.sets = sets
        self.chains = chains
        self.base = base
    }
}

/// A named counter of packets and bytes.
public struct FilterCounter: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// What it counts, in words; any text, escaped when printed.
    public var comment: String
}

/// A named set.
public struct FilterSet: Hashable, Sendable {
    /// What a set holds and how the kernel keeps it.
    public enum Kind: Hashable, Sendable {
        /// Single addresses in a hash table.
        case hosts(AddressFamily)
        /// Disjoint blocks of addresses in a tree.
        case ranges(AddressFamily)
        /// Tuples that were logged lately; the kernel adds and forgets them.
        case sample(AddressFamily, hasPorts: Bool, size: Int, seconds: Int)
    }

    /// Its name.
    public var name: String
    /// What it holds.
    public var kind: Kind
    /// The elements, ascending; none for samples.
    public var elements: [AddressRange]
}

/// A regular chain.
public struct FilterChain: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its rules in order.
    public var rules: [FilterRule]
}

/// A chain that the kernel calls; it accepts what its rule lets through, and is never deleted while the table lives.
public struct FilterBaseChain: Hashable, Sendable {
    /// Where it is called.
    public var hook: FilterHook
    /// One jump, or nothing.
    public var rules: [FilterRule]
}

/// The two hooks that Bulkhead governs; a base chain bears its hook's name.
public enum FilterHook: String, Hashable, Sendable, CaseIterable {
    /// Packets for this host.
    case input
    /// Packets of this host, after destination translation.
    case output
}

/// One rule: all matches must hold, then the statements run in order.
public struct FilterRule: Hashable, Sendable {
    /// What a packet must be.
    public var matches: [FilterMatch]
    /// What is done with it.
    public var statements: [FilterStatement]
    /// A remark; any text, escaped when printed.
    public var comment: String?

    /// Makes a rule.
    public init(_ matches: [FilterMatch] = [], _ statements: [FilterStatement], comment: String? = nil) {
        self.matches = matches
        self.statements = statements
        self.comment = comment
    }

    /// Makes a rule with a verdict.
    public init(_ matches: [FilterMatch], _ verdict: FilterVerdict, comment: String? = nil) {
        self.init(matches, [.verdict(verdict)], comment: comment)
    }

    /// Makes a rule that ends every packet alike.
    public init(_ verdict: FilterVerdict, comment: String? = nil) { self.init([], verdict, comment: comment) }
}

/// The sender's or the receiver's field of a packet.
public enum PacketSide: Hashable, Sendable {
    /// `saddr`, `sport`.
    case source
    /// `daddr`, `dport`.
    case destination

    /// The other side.
    public var opposite: PacketSide {
        switch self {
        case .source: .destination
        case .destination: .source
        }
    }
}

/// A condition on a packet.
public enum FilterMatch: Hashable, Sendable {
    /// An address that is, or is not, in a set of this family; never true for the other family.
    case address(AddressFamily, PacketSide, set: String, isMember: Bool)
    /// The version of IP.
    case family(AddressFamily)
    /// The protocol, one of these or none of these.
    case proto([IPProtocol], isMember: Bool)
    /// A port of a protocol that has ports; the set is not empty.
    case ports(IPProtocol, PacketSide, PortSet)
    /// A type of ICMP or ICMPv6.
    case messages(IPProtocol, [UInt8])
    /// Any time to live or hop limit but this.
    case hopLimitIsNot(AddressFamily, UInt8)
    /// Over the loopback interface.
    case loopback(FilterHook)
    /// TCP that is no first packet: of FIN, SYN, RST and ACK not SYN alone is set.
    case isNotOpening
    /// TCP with RST.
    case isReset
    /// Earlier than this second of UTC since 1970, exclusive.
    case before(second: Int64)
    /// At this second of UTC since 1970 or later.
    case notBefore(second: Int64)
    /// A tuple that is in a sampling set.
    case isSampled(AddressFamily, hasPorts: Bool, set: String)
}

/// What a rule does.
public enum FilterStatement: Hashable, Sendable {
    /// Raises a named counter.
    case counter(String)
    /// Sends the packet to a group of NFLOG with a prefix of at most 127 bytes.
    case log(prefix: String, group: UInt16)
    /// Adds the packet's tuple to a sampling set; ends the rule when the set is full.
    case sample(AddressFamily, hasPorts: Bool, set: String)
    /// Looks a field up; goes on with the next rule when no case fits.
    case dispatch(FilterKey, [FilterCase])
    /// Ends the rule.
    case verdict(FilterVerdict)
}

/// What a dispatch looks up.
public enum FilterKey: Hashable, Sendable {
    /// What connection tracking says.
    case connectionState
    /// The protocol.
    case proto
    /// A port of a protocol that has ports.
    case port(IPProtocol, PacketSide)
    /// The type of an ICMP or ICMPv6 message.
    case messageType(IPProtocol)
    /// The code of an ICMP or ICMPv6 message.
    case messageCode(IPProtocol)
}

/// One element of a dispatch.
public struct FilterCase: Hashable, Sendable {
    /// The values, both ends included; for connection states the kernel's bit.
    public var values: ClosedRange<UInt16>
    /// What happens.
    public var verdict: FilterVerdict

    /// Makes an element.
    public init(_ values: ClosedRange<UInt16>, _ verdict: FilterVerdict) {
        self.values = values
        self.verdict = verdict
    }
}

/// How a rule ends.
public enum FilterVerdict: Hashable, Sendable {
    /// Lets the packet pass this table.
    case accept
    /// Discards it.
    case drop
    /// Discards it and sends a TCP reset; the rule matches TCP.
    case reset
    /// Discards it and sends an ICMP error, administratively prohibited.
    case prohibit
    /// Goes on behind the rule that jumped here.
    case `return`
    /// Goes on with the next rule.
    case `continue`
    /// Runs a chain and comes back.
    case jump(String)
    /// Runs a chain instead of the rest of this one.
    case goto(String)

    /// The chain that it leads to.
    public var target: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .accept, .drop, .reset, .prohibit, .return, .continue: nil
        }
    }
}
