import PolicyFiles
import PolicyModel

extension CalicoPolicy {
    /// Reads a NetworkPolicy or a GlobalNetworkPolicy.
    mutating func addPolicy(_ manifest: Manifest, _ kind: CalicoPolicyKind) throws(Refusal) {
        guard let spec = manifest.tree["spec"] else {
            throw Refusal("expected `spec` in a \(kind.rawValue)", at: manifest.location, code: "missing-key")
        }
        _ = try spec.entries("`spec`")
        var known = [
            "tier", "order", "ingress", "egress", "selector", "types", "serviceAccountSelector", "performanceHints",
        ]
        if kind == .global { known += ["namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward"] }
        let strange = spec.unknownFields(known: known)
        let tier = try spec.text("tier") ?? "default"
        guard tiers[tier] != nil else {
            // Felix passes over policies of a tier that does not exist (`policy_resolver.go`).
            throw Refusal(
                "expected a Tier `\(tier.prefix(60))` in the files, got none",
                at: spec["tier"]?.location ?? spec.location,
                code: "missing-tier")
        }
        let timing = try timing(spec, kind)
        let selector = try subject(spec, manifest, kind)
        var terms = [
            timing == .normal ? CalicoLabels.anyEndpoint : CalicoLabels.anyHost, selector.lowered(over: values),
        ]
        if timing == .normal, terms[1] == .all { terms.removeLast() }
        let subject = EndExpression.selector(KubernetesCluster.all(terms))
        let directions = try directions(spec, timing)

        let name = CalicoObjects.policyName(manifest)
        let home = kind == .namespaced ? manifest.namespaceOrDefault : nil
        let doubt = doubt(about: strange, in: "a \(kind.rawValue)", rule: nil) ?? timing.doubt
        var policy = CalicoPlacedPolicy(
            tier: tier, order: try CalicoTier.order(spec), tieBreak: "\(name)/\(home ?? "")/\(kind.rawValue)")
        let path = home.map { "\($0)/\(name)" } ?? name
        for direction in Direction.allCases {
            let written = try spec.list(direction.rawValue)
            for (index, tree) in written.enumerated() {
                let id = RuleID(rawValue: "calico/\(kind.rawValue)/\(path)/\(direction.rawValue)[\(index)]")
                let rules = try rules(id, rank: index, tree, direction, subject, home: home, doubt: doubt)
                if directions.contains(direction) { policy.rules += rules }
            }
            if let first = written.first, !directions.contains(direction) {
                findings.report(
                    .warning, "ignored-rules",
                    "`types` does not name \(direction == .ingress ? "Ingress" : "Egress"), so the `\(direction.rawValue)` rules mean nothing",
                    at: first.location, effect: .none)
            }
            policy.ruleCount = max(policy.ruleCount, written.count)
        }
        if timing == .normal {
            policy.selections = directions.map { Selection(subject: subject, direction: $0) }
            add(policy)
            try reportForwarding(spec, manifest, selector)
        } else {
            findings.report(
                .warning, timing.rawValue,
                "`\(timing.rawValue)` policy holds for hosts before other policy, for forwarded traffic too; it is answered as may",
                at: manifest.location, effect: .may)
            addEarly(policy)
        }
    }

    /// When a policy is asked.
    enum Timing: String {
        /// With the tiers.
        case normal
        /// Before connections are tracked.
        case doNotTrack
        /// Before addresses are translated.
        case preDNAT

        var doubt: String? { self == .normal ? nil : "`\(rawValue)` policy is asked apart from others" }
    }

    private func timing(_ spec: Tree, _ kind: CalicoPolicyKind) throws(Refusal) -> Timing {
        guard kind == .global else { return .normal }
        let (untracked, early, forward) =
            (try spec.isTrue("doNotTrack"), try spec.isTrue("preDNAT"), try spec.isTrue("applyOnForward"))
        func refuse(_ message: String, _ field: String) -> Refusal {
            Refusal(message, at: spec[field]?.location ?? spec.location, code: "invalid-policy")
        }
        if untracked, early { throw refuse("expected `doNotTrack` or `preDNAT`, got both", "preDNAT") }
        guard untracked || early else { return .normal }
        guard forward else {
            throw refuse(
                "expected `applyOnForward: true` beside `doNotTrack` or `preDNAT`", untracked ? "doNotTrack" : "preDNAT"
            )
        }
        return untracked ? .doNotTrack : .preDNAT
    }

    /// The directions that it is about: as stated, else those that it has rules for, else ingress.
    private func directions(_ spec: Tree, _ timing: Timing) throws(Refusal) -> [Direction] {
        var directions: [Direction] = []
        for item in try spec.list("types") {
            let scalar = try item.scalar("a policy type")
            let direction: Direction
            switch scalar.text {
            case "Ingress": direction = .ingress
            case "Egress": direction = .egress
            default:
                throw Refusal(
                    "expected `Ingress` or `Egress`, got `\(scalar.text.prefix(60))`", at: scalar.location,
                    code: "unknown-word")
            }
            guard !directions.contains(direction) else {
                throw Refusal(
                    "expected each type once, got `\(scalar.text)` again", at: scalar.location, code: "invalid-policy")
            }
            directions.append(direction)
        }
        let hasEgress = try !spec.list("egress").isEmpty
        if timing == .preDNAT, hasEgress || directions.contains(.egress) {
            throw Refusal("expected no egress in a `preDNAT` policy", at: spec.location, code: "invalid-policy")
        }
        if directions.isEmpty {
            directions = hasEgress ? (try spec.list("ingress").isEmpty ? [.egress] : [.ingress, .egress]) : [.ingress]
        }
        return Direction.allCases.filter(directions.contains)
    }

    /// Whom a policy selects, as Calico joins the parts (`updateprocessors/networkpolicyprocessor.go`, `globalnetworkpolicyprocessor.go`).
    private func subject(
        _ spec: Tree, _ manifest: Manifest, _ kind: CalicoPolicyKind
    ) throws(Refusal) -> CalicoSelector {
        let endpoints = try selector(spec["selector"])
        let accounts = try selector(spec["serviceAccountSelector"])?
            .mapping(key: { CalicoLabels.serviceAccountPrefix + $0 })
        var parts: [CalicoSelector] = []
        switch kind {
        case .namespaced:
            parts = [.equals(CalicoLabels.namespace, manifest.namespaceOrDefault)]
            if let endpoints { parts.append(endpoints) }
            if let accounts { parts.append(accounts) }
        case .global:
            let namespaces = try selector(spec["namespaceSelector"])?.mapping(key: { CalicoLabels.namespacePrefix + $0 }
            )
            if let endpoints { parts.append(endpoints) }
            if let namespaces { parts.append(namespaces) }
            // `all()` means what has a namespace, or else a service account, in every part as soon as one is asked for.
            if namespaces != nil { parts = parts.map { $0.mapping(all: .has(CalicoLabels.namespace)) } }
            if let accounts {
                parts.append(accounts)
                parts = parts.map { $0.mapping(all: .has(CalicoLabels.serviceAccount)) }
            }
        }
        return parts.isEmpty ? .all : parts.count == 1 ? parts[0] : .and(parts)
    }

    /// Says that what hosts forward is not answered for.
    private mutating func reportForwarding(
        _ spec: Tree, _ manifest: Manifest, _ selector: CalicoSelector
    ) throws(Refusal) {
        guard try spec.isTrue("applyOnForward") else { return }
        let chosen = Selector.and([CalicoLabels.anyHost, selector.lowered(over: values)])
        guard let host = cluster.workloads.first(where: { chosen.matches($0.labels) }) else { return }
        findings.report(
            .warning, "forwarded",
            "the policy also holds for what `\(host.id)` forwards; the answer is about its own traffic only",
            at: manifest.location, effect: .leftOut)
    }

    /// Reports fields that are not known, and says why the rule is approximate.
    mutating func doubt(about fields: [Scalar], in what: String, rule: RuleID?) -> String? {
        for field in fields {
            findings.report(
                .warning, "unknown-field",
                "unknown field `\(field.text.prefix(60))` in \(what); what depends on it is answered as may",
                at: field.location, effect: .may, rule: rule)
        }
        return fields.first.map { "unknown field `\($0.text.prefix(60))` in \(what)" }
    }
}
