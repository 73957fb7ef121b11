public import PolicyModel

/// Why the packet filter denies a packet.
public enum DenialReason: Hashable, Sendable {
    /// A rule of the policy.
    case rule(RuleID)
    /// What a tier does on no match.
    case tierDefault(TierID)
    /// What happens after the last tier.
    case layerDefault
    /// Connection tracking calls the packet invalid.
    case invalid
    /// The packet is not tracked, and is neither neighbour discovery nor a multicast listener message.
    case untracked
    /// The packet is related to a connection, and is no ICMP error.
    case related
    /// TCP that belongs to no connection and does not open one.
    case notOpening
    /// A message that never leaves its link came through a router.
    case hopLimit

    /// A unique name, such as `rule web/allow-http` or `state invalid`.
    public var name: String {
        switch self {
        case .rule(let id): "rule \(id)"
        case .tierDefault(let id): "tier \(id)"
        case .layerDefault: "default deny"
        case .invalid: "state invalid"
        case .untracked: "state untracked"
        case .related: "state related"
        case .notOpening: "state new without syn"
        case .hopLimit: "hop limit"
        }
    }
}

/// The short form of a denial's reason that counters and log prefixes carry: the hash of its name.
public struct DenialReference: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The hash.
    public let hash: ContentHash

    /// The reference of a reason, the same in every ruleset.
    public init(_ reason: DenialReason) { hash = ContentHash(reason.name) }

    /// 16 lower-case hexadecimal digits.
    public var description: String { hash.digits }

    /// The named counter that counts the denials.
    public var counter: String { "r_\(hash.digits)" }

    /// What a log prefix says: `bulkhead deny 42 0123456789abcdef `, or `would-deny` where nothing is dropped.
    ///
    /// At most 56 bytes, so it fits `NF_LOG_PREFIXLEN`, 128 with the final zero (linux/netfilter/nf_log.h).
    public func logPrefix(generation: UInt64, enforced: Bool) -> String {
        "bulkhead \(enforced ? "deny" : "would-deny") \(generation) \(hash.digits) "
    }

    public static func < (a: Self, b: Self) -> Bool { a.hash < b.hash }
}
