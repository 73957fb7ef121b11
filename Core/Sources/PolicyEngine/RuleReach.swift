internal import NetworkTypes
internal import PolicyModel

/// Which flows a rule can match, as far as pairs of policy classes and services tell: never too few.
struct RuleReach {
    /// How much of a class an end of the rule holds for.
    enum Share: UInt8 {
        case none, some, all
    }

    /// For each class.
    let sources: [Share]
    let destinations: [Share]
    private let services: [ServiceTerm]
    private let relations: [CompiledRule.ColumnRelation]
    /// Whether a pair of whole classes is told the same about each service.
    private let isExact: Bool
    private let isEgress: Bool

    /// Measures a rule that the engine has; nil when it has none such.
    init?(_ rule: FlatRule, _ engine: PolicyEngine, _ classes: PolicyClasses, sizes: [Int]) {
        guard let subject = engine.number(of: rule.subject), let peer = engine.number(of: rule.peer) else { return nil }
        func shares(_ expression: Int) -> [Share] {
            var counts = [Int](repeating: 0, count: sizes.count)
            for identity in engine.expressions[expression].members {
                counts[Int(classes.classOfIdentity[Int(identity)])] += 1
            }
            var shares = counts.indices.map { counts[$0] == 0 ? Share.none : counts[$0] == sizes[$0] ? .all : .some }
            // Who the owners are is not known here.
            shares[Int(classes.shared)] = .some
            return shares
        }
        let (own, other) = (shares(subject), shares(peer))
        isEgress = rule.direction == .egress
        (sources, destinations) = isEgress ? (own, other) : (other, own)
        services = rule.services
        relations = rule.relations.map { CompiledRule.ColumnRelation($0, engine.vocabulary) }
        isExact = !rule.asksForMore && relations.allSatisfy(classes.tellsApart)
    }

    /// Whether the relations may hold between two classes.
    func mayRelate(_ source: UInt16, _ destination: UInt16, _ engine: PolicyEngine, _ classes: PolicyClasses) -> Bool {
        guard isExact, !relations.isEmpty, let from = classes.representatives[Int(source)],
            let to = classes.representatives[Int(destination)]
        else { return true }
        return relations.allSatisfy { engine.holdsByLabels($0, isEgress ? from : to, isEgress ? to : from) }
    }

    /// Whether the rule may cover a service, or an unknown message of ICMP; what a port's name means is not looked up.
    func mayCover(_ proto: IPProtocol, _ service: UInt16, isSingle: Bool) -> Bool {
        services.contains {
            switch $0 {
            case .any, .named: true
            case .proto(let own): own == proto
            case .ports(let own, destination: let ports, source: _): own == proto && ports.contains(service)
            case .icmp(let own, let type, let code):
                own == proto
                    && (isSingle || type == service >> 8 && (code.map { UInt16($0) == service & 0xFF } ?? true))
            }
        }
    }

    /// Whether all flows of two classes over one service are told the same, with and without the rule.
    func holdsForAll(_ source: UInt16, _ destination: UInt16) -> Bool {
        isExact && sources[Int(source)] == .all && destinations[Int(destination)] == .all
    }
}
