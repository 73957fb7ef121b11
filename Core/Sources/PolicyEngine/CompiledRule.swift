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
        return Precedence(rank: source.rank, action: source.action, id: source.id).precedes(
            Precedence(rank: other.source.rank, action: other.source.action, id: other.source.id))
    }
}

extension CompiledRule {
    /// Resolves the names of a rule that stands in one of these tiers of a layer.
    init(
        _ rule: FlatRule, layer: Int, tier: Int, of tiers: [CompiledTier], subject: Int, peer: Int,
        _ vocabulary: Vocabulary
    ) {
        var passTo = tier + 1
        if case .pass(let name?) = rule.action {
            passTo = tiers.indices.first { $0 > tier && tiers[$0].source.id == name } ?? tiers.count
        }
        self.init(
            source: rule, layer: layer, tier: tier, passTo: passTo, subject: subject, peer: peer,
            relations: rule.relations.isEmpty ? [] : rule.relations.map { ColumnRelation($0, vocabulary) },
            needsFlow: rule.asksForMore)
    }
}

extension CompiledRule.ColumnRelation {
    init(_ relation: Relation, _ vocabulary: Vocabulary) {
        self =
            switch relation {
            case .same(let keys): .same(keys.compactMap(vocabulary.column))
            case .different(let keys): .different(keys.compactMap(vocabulary.column))
            case .samePrincipal: .samePrincipal
            }
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
        var protocols: UInt64 = 0
        for term in rule.source.services {
            switch term {
            case .any, .named: protocols = .max
            case .proto(let proto), .ports(let proto, _, _), .icmp(let proto, _, _): protocols |= Self.bit(proto)
            }
        }
        self.protocols = protocols
    }

    private init() {
        (layer, peer, namesProcess, protocols) = (0, 0, false, 0)
    }

    /// Stands where there is no rule.
    static let none = RuleHead()

    static func bit(_ proto: IPProtocol) -> UInt64 { 1 << UInt64(proto.rawValue & 63) }
}

extension PortSet {
    /// Whether every port is a member; makes no set to compare with.
    var isAll: Bool { intervals.count == 1 && intervals[0].lowerBound == .min && intervals[0].upperBound == .max }
}

extension FlatRule {
    /// Whether the rule asks for anything that a class of flows does not determine.
    var asksForMore: Bool {
        if subjectAttributes.asksForSomething || peerAttributes.asksForSomething || !conditions.isEmpty { return true }
        if case .approximate = certainty { return true }
        for case .samePrincipal in relations { return true }
        for case .ports(_, _, let source) in services where !source.isAll { return true }
        return false
    }
}

extension AttributeMatch {
    fileprivate var asksForSomething: Bool { processes != nil || principals != nil }
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
