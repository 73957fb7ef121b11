import NetworkTypes
import PolicyModel

/// Makes the flat form of a policy: one layer that the destination's device enforces, or the router that serves the address.
struct TailscaleLowering {
    let policy: TailscalePolicy
    let tailnet: Tailnet
    private(set) var findings: TailscaleFindings
    private(set) var rules: [FlatRule] = []
    private(set) var origins: [RuleID: RuleOrigin] = [:]

    static let layer: LayerID = "tailscale"
    /// Where neither end belongs to the tailnet, the layer has no say.
    static let outside: RuleID = "tailscale/outside"
    /// Devices that take no connection.
    static let shielded: RuleID = "tailscale/blocks-incoming"
    /// What an absent `acls` means.
    static let open: RuleID = "tailscale/no-rules"
    /// A policy that the service refuses says nothing of any flow.
    static let refused: RuleID = "tailscale/refused"

    /// A set of ends, and why it may be larger than what was meant.
    private struct Ends {
        var exact: [EndExpression] = []
        var wide: [(ends: EndExpression, reason: String)] = []
    }

    init(_ policy: TailscalePolicy, _ tailnet: Tailnet, _ findings: TailscaleFindings) {
        self.policy = policy
        self.tailnet = tailnet
        self.findings = findings
    }

    /// The layer; `isRefused` makes every answer about the tailnet *may*.
    mutating func layer(isRefused: Bool) -> Layer {
        addOutside()
        if isRefused {
            rules.append(
                FlatRule(
                    id: Self.refused, action: .allow, direction: .ingress, subject: .any, peer: .any, services: [.any],
                    certainty: .approximate("the policy has errors and is not in force")))
        } else {
            addShielded()
            for rule in effectiveRules { add(rule) }
        }
        // Only the destination's side decides; on the way out nothing is asked.
        let tier = Tier(
            id: "tailscale", onNoMatch: .deny, selections: [Selection(subject: .any, direction: .ingress)], rules: rules
        )
        return Layer(
            id: Self.layer, enforcer: .platform, tiers: [tier], fullDefault: .allow, selectiveDefault: .allow)
    }

    private var effectiveRules: [TailscaleRule] {
        guard policy.isOpen else { return policy.rules }
        let every = TailscaleDestination(selector: .everything, services: [TailscaleService(proto: nil, ports: .all)])
        return [
            TailscaleRule(
                id: Self.open, place: HuJSONPlace(line: 0, column: 0), sources: [.everything], destinations: [every])
        ]
    }

    /// Addresses that are no device and lie in no subnet, seen from the layer.
    private var strangers: EndExpression {
        .difference(
            .any,
            .union([
                TailnetLabels.anyDevice,
                .addresses(TailscalePolicy.ownAddresses.union(tailnet.addresses).union(tailnet.subnets)),
            ]))
    }

    private mutating func addOutside() {
        rules.append(
            FlatRule(
                id: Self.outside, action: .allow, direction: .ingress, subject: strangers, peer: strangers,
                services: [.any]))
    }

    private mutating func addShielded() {
        let shielded = tailnet.devices.filter(\.isShielded).map { EndExpression.workload($0.id) }
        guard !shielded.isEmpty else { return }
        rules.append(
            FlatRule(
                id: Self.shielded, action: .deny(.drop), direction: .ingress, subject: .union(shielded), peer: .any,
                services: [.any]))
    }

    private mutating func add(_ rule: TailscaleRule) {
        origins[rule.id] = RuleOrigin(location: rule.place.line > 0 ? findings.location(rule.place) : nil)
        let postures = rule.postures.isEmpty ? policy.defaultPostures : rule.postures
        var reasons: [String] = []
        if !postures.isEmpty { reasons.append("the source needs a device posture") }
        if !rule.via.isEmpty { reasons.append("`via` lets only some routers carry it") }
        let sources = self.sources(rule)
        var told: Set<String> = []
        for destination in rule.destinations {
            let ends = self.destinations(destination.selector, rule)
            let isSelf = destination.selector == .autogroup(.selfDevices)
            for (subjects, subjectReason) in Self.parts(ends) {
                for (peers, peerReason) in Self.parts(sources) {
                    let why = reasons + [subjectReason, peerReason].compactMap { $0 }
                    for reason in why where told.insert(reason).inserted {
                        findings.note(
                            "approximate-rule", "\(reason); what it opens is *may*", at: rule.place, effect: .may,
                            rule: rule.id)
                    }
                    append(rule.id, subjects, peers, destination.services, isSelf: isSelf, why.first)
                }
            }
        }
    }

    private static func parts(_ ends: Ends) -> [(EndExpression, String?)] {
        (ends.exact.isEmpty ? [] : [(.union(ends.exact), nil)]) + ends.wide.map { ($0.ends, $0.reason) }
    }

    private mutating func append(
        _ id: RuleID, _ subject: EndExpression, _ peer: EndExpression, _ services: [TailscaleService], isSelf: Bool,
        _ reason: String?
    ) {
        var relations: [Relation] = []
        var peer = peer
        if isSelf, let user = TailnetLabels.user {
            relations = [.same([user])]
            peer = .intersection([peer, TailnetLabels.devices(.member)])
        }
        let terms = services.flatMap(\.terms)
        func flat(_ subject: EndExpression, _ reason: String?) -> FlatRule {
            FlatRule(
                id: id, action: .allow, direction: .ingress, subject: subject, peer: peer, relations: relations,
                services: terms, certainty: reason.map { .approximate($0) } ?? .exact)
        }
        let foreign = TailnetLabels.devices(.shared)
        guard reason == nil, tailnet.devices.contains(where: { $0.kind == .shared }) else {
            rules.append(flat(subject, reason))
            return
        }
        rules.append(flat(.difference(subject, foreign), nil))
        rules.append(
            flat(.intersection([subject, foreign]), "a shared device obeys the policy of its own tailnet as well"))
    }

    // MARK: Sources

    private mutating func sources(_ rule: TailscaleRule) -> Ends {
        var ends = Ends()
        for selector in rule.sources {
            switch selector {
            case .everything:
                ends.exact.append(.addresses(tailnet.sources(selector, in: policy)))
                if !tailnet.isListed {
                    ends.wide.append((.any, "without devices it is not known which subnets `*` holds"))
                }
            case .autogroup(.dangerAll): ends.exact.append(.any)
            case .addresses, .host, .ipset: addLiteral(selector, literal(selector), to: &ends)
            case .tag, .user, .domain, .group, .autogroup: addDevices(selector, of: rule, to: &ends)
            case .service: break
            }
        }
        return ends
    }

    // MARK: Destinations

    private mutating func destinations(_ selector: TailscaleSelector, _ rule: TailscaleRule) -> Ends {
        var ends = Ends()
        if !rule.via.isEmpty {
            let set = tailnet.destinations(selector, in: policy)
            let carried =
                tailnet.isListed
                ? tailnet.reach(of: set) { device in rule.via.contains { device.tags.contains($0) } } : set
            ends.exact.append(.addresses(carried.subtracting(tailnet.addresses)))
            return ends
        }
        switch selector {
        case .everything:
            ends.exact.append(TailnetLabels.anyDevice)
            ends.exact.append(.addresses(tailnet.carried))
            if !tailnet.isListed { ends.wide.append((.any, Self.unknownRouters)) }
        case .autogroup(.selfDevices): ends.exact.append(TailnetLabels.devices(.member))
        case .addresses, .host, .ipset, .autogroup(.internet):
            let set = literal(selector)
            let open = set.intersection(tailnet.addresses).union(tailnet.reach(of: set))
            if tailnet.isListed, open.isEmpty {
                findings.note(
                    "no-route", "a destination of the rule is no device's and no approved route leads to it",
                    at: rule.place,
                    effect: .none, rule: rule.id)
            }
            addLiteral(selector, open, to: &ends)
            if !tailnet.isListed { ends.wide.append((.addresses(set), Self.unknownRouters)) }
        case .tag, .user, .domain, .group, .autogroup: addDevices(selector, of: rule, to: &ends)
        case .service(let name):
            findings.note(
                "tailscale-service", "the addresses of \(quoted(name)) are not known, the destination is left out",
                at: rule.place, effect: .leftOut, rule: rule.id)
        }
        return ends
    }

    private static let unknownRouters = "without devices it is not known which routers serve an address"
    private static let unknownOwners = "without devices it is not known whose an address is"

    private func literal(_ selector: TailscaleSelector) -> AddressSet {
        tailnet.literal(selector, in: policy) ?? AddressSet()
    }

    /// Addresses; without devices one of Tailscale's own may be any device's.
    private func addLiteral(_ selector: TailscaleSelector, _ set: AddressSet, to ends: inout Ends) {
        ends.exact.append(.addresses(set))
        if !tailnet.isListed, !literal(selector).intersection(TailscalePolicy.ownAddresses).isEmpty {
            ends.wide.append((TailnetLabels.anyDevice, Self.unknownOwners))
        }
    }

    /// Devices by what they are; without devices any of Tailscale's own addresses may be one of them.
    private mutating func addDevices(_ selector: TailscaleSelector, of rule: TailscaleRule, to ends: inout Ends) {
        if tailnet.isListed, tailnet.devices(of: selector, in: policy)?.isEmpty ?? false {
            findings.note(
                "no-device", "a selector of the rule holds no device", at: rule.place, effect: .none, rule: rule.id)
        }
        let expression: EndExpression
        var reason: String?
        switch selector {
        case .tag(let name): expression = TailnetLabels.devices(withTag: name)
        case .user, .domain: expression = TailnetLabels.devices(ofUsers: users(of: selector))
        case .group(let name):
            if policy.groups[name] == nil {
                expression = TailnetLabels.devices(.member)
                reason = "whom the synced group \(quoted(name)) holds is not known"
            } else {
                expression = TailnetLabels.devices(ofUsers: users(of: selector))
            }
        case .autogroup(.member): expression = TailnetLabels.devices(.member)
        case .autogroup(.tagged): expression = TailnetLabels.devices(.tagged)
        case .autogroup(.shared): expression = TailnetLabels.devices(.shared)
        case .autogroup(let role):
            expression = TailnetLabels.devices(.member)
            reason = "who holds the role `autogroup:\(role.rawValue)` is not known"
        case .everything, .addresses, .host, .ipset, .service: return
        }
        if let reason { ends.wide.append((expression, reason)) } else { ends.exact.append(expression) }
        if !tailnet.isListed {
            let unknown = TailscalePolicy.ownAddresses.subtracting(tailnet.addresses)
            ends.wide.append((.addresses(unknown), Self.unknownOwners))
        }
    }

    /// The login names that a selector of users holds, as devices have them.
    private func users(of selector: TailscaleSelector) -> [String] {
        let devices = tailnet.devices(of: selector, in: policy) ?? []
        return Set(devices.compactMap(\.user)).sorted()
    }
}
