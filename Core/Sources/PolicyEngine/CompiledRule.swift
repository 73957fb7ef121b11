internal import NetworkTypes
package import PolicyModel

/// A flat rule with its names resolved to numbers.
package struct CompiledRule: Sendable {
    /// A relation on columns.
    package enum ColumnRelation: Sendable {
        case same([Int])
        case different([Int])
        case samePrincipal
    }

    package let source: FlatRule
    /// The number of the layer, and of the tier in it.
    package let layer: Int
    package let tier: Int
    /// The number of the tier that a pass goes on with; the number of tiers when that is the layer's default.
    package let passTo: Int
    /// The numbers of the expressions.
    package let subject: Int
    package let peer: Int
    package let relations: [ColumnRelation]
    /// Whether the verdict may depend on more of the flow than addresses, protocol, destination port and message.
    let needsFlow: Bool

    /// Whether `self` is asked before `other`; both stand in some layer and tier, ties break by identifier.
    func precedes(_ other: CompiledRule) -> Bool {
        if layer != other.layer { return layer < other.layer }
        if tier != other.tier { return tier < other.tier }
        if source.rank != other.source.rank { return source.rank < other.source.rank }
        let (mine, theirs) = (source.action.order, other.source.action.order)
        return mine == theirs ? source.id < other.source.id : mine < theirs
    }
}

/// What is looked at before a rule is: small, and without references, since most rules of a program are passed over.
struct RuleHead: Sendable {
    let layer: Int32
    let peer: Int32
    let namesProcess: Bool
    /// A bit for each protocol that some term may cover, by its number modulo 64.
    let protocols: UInt64

    init(_ rule: CompiledRule) {
        layer = Int32(truncatingIfNeeded: rule.layer)
        peer = Int32(truncatingIfNeeded: rule.peer)
        namesProcess = rule.source.namesProcess
        protocols = rule.source.services.reduce(0) { bits, term in
            switch term {
            case .any, .named: .max
            case .proto(let proto), .ports(let proto, _, _), .icmp(let proto, _, _): bits | Self.bit(proto)
            }
        }
    }

    static func bit(_ proto: IPProtocol) -> UInt64 { 1 << UInt64(proto.rawValue & 63) }
}

extension RuleAction {
    /// Deny before allow before pass at equal rank.
    package var order: Int {
        switch self {
        case .deny: 0
        case .allow: 1
        case .pass: 2
        }
    }
}

extension FlatRule {
    /// Whether the rule asks for anything that a class of flows does not determine.
    var asksForMore: Bool {
        subjectAttributes != .none || peerAttributes != .none || !conditions.isEmpty
            || relations.contains(.samePrincipal) || certainty != .exact
            || services.contains {
                if case .ports(_, _, let source) = $0 { return source != .all }
                return false
            }
    }
}

/// Which row of columns an expression holds for: the identities, in ascending order.
package struct ExpressionEntry: Sendable {
    package var source: EndExpression
    var compiled: CompiledExpression
    /// The identities that it holds for, ascending.
    package var members: [UInt32] = []
    /// How many rules, layers and selections use it.
    package var uses = 0
    /// The rules whose subject it is.
    var subjectOf: [UInt32] = []
}

/// What one identity enforces: the rules of which it is the subject, in order of precedence.
package struct IdentityRules: Sendable {
    var egress: [UInt32] = []
    var ingress: [UInt32] = []

    package subscript(direction: Direction) -> [UInt32] {
        get {
            switch direction {
            case .egress: egress
            case .ingress: ingress
            }
        }
        set {
            switch direction {
            case .egress: egress = newValue
            case .ingress: ingress = newValue
            }
        }
    }
}
