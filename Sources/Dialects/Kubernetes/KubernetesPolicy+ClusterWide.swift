import NetworkTypes
import PolicyFiles
import PolicyModel

/// What differs between the three kinds of cluster-wide policy.
struct ClusterWideKind {
    let name: String
    /// The words for actions.
    let actions: [String: RuleAction]
    /// The most rules of a direction, and the most peers of a rule.
    let maximumRules: Int
    let maximumPeers: Int
    /// The field that narrows a rule to traffic.
    let traffic: String

    private static let deny = RuleAction.deny(.drop)

    /// AdminNetworkPolicy, policy.networking.k8s.io/v1alpha1.
    static let admin = Self(
        name: "AdminNetworkPolicy", actions: ["Allow": .allow, "Deny": deny, "Pass": .pass(to: nil)],
        maximumRules: 100, maximumPeers: 100, traffic: "ports")
    /// BaselineAdminNetworkPolicy, policy.networking.k8s.io/v1alpha1.
    static let baseline = Self(
        name: "BaselineAdminNetworkPolicy", actions: ["Allow": .allow, "Deny": deny], maximumRules: 100,
        maximumPeers: 100, traffic: "ports")
    /// ClusterNetworkPolicy, policy.networking.k8s.io/v1alpha2.
    static let cluster = Self(
        name: "ClusterNetworkPolicy", actions: ["Accept": .allow, "Deny": deny, "Pass": .pass(to: nil)],
        maximumRules: 25, maximumPeers: 25, traffic: "protocols")
}

extension KubernetesPolicy {
    /// Reads a cluster-wide policy; its name alone names it.
    mutating func addClusterWide(_ manifest: Manifest, _ kind: ClusterWideKind) throws(Refusal) {
        guard let spec = manifest.tree["spec"] else {
            throw Refusal("expected `spec` in a \(kind.name)", at: manifest.location, code: "missing-key")
        }
        _ = try spec.entries("`spec`")
        let (tier, priority) = try place(manifest, spec, kind)
        var unknown = spec.unknownFields(known: ["tier", "priority", "subject", "ingress", "egress"])
        guard let written = spec["subject"] else {
            throw Refusal("expected `subject` in a \(kind.name)", at: spec.location, code: "missing-key")
        }
        let before = unknown.count
        let subject = EndExpression.selector(try pods(written, "a subject", unknown: &unknown))
        if unknown.count > before {
            throw Refusal(
                "expected a known field in a subject, got `\(unknown[before].text.prefix(60))`",
                at: unknown[before].location, code: "unknown-field")
        }
        let doubt = doubt(about: unknown, in: "a \(kind.name)", rule: nil)
        var policy = RankedPolicy(
            tier: tier, priority: priority, name: manifest.name, kind: kind.name, location: manifest.location)
        for direction in Direction.allCases {
            let trees = try spec.list(direction.rawValue)
            guard trees.count <= kind.maximumRules else {
                throw Refusal(
                    "expected at most \(kind.maximumRules) `\(direction.rawValue)` rules, got \(trees.count)",
                    at: spec.location, code: "too-many")
            }
            for (index, tree) in trees.enumerated() {
                let id = RuleID(rawValue: "\(kind.name)/\(manifest.name)/\(direction.rawValue)[\(index)]")
                policy.rules += try rule(id, index, tree, direction, subject, kind, doubt: doubt)
            }
            policy.ruleCount = max(policy.ruleCount, trees.count)
        }
        ranked.append(policy)
    }

    private func place(
        _ manifest: Manifest, _ spec: Tree, _ kind: ClusterWideKind
    ) throws(Refusal) -> (RankedPolicy.Tier, Int) {
        if kind.name == ClusterWideKind.baseline.name {
            // The only one of a cluster (API docs: "singleton", with a rule that the name is `default`).
            guard manifest.name == "default" else {
                throw Refusal(
                    "expected the BaselineAdminNetworkPolicy to be called `default`, got `\(manifest.name.prefix(60))`",
                    at: manifest.location, code: "invalid-name")
            }
            if let field = spec["priority"] ?? spec["tier"] {
                throw Refusal(
                    "a BaselineAdminNetworkPolicy has neither `priority` nor `tier`", at: field.location,
                    code: "unknown-field")
            }
            return (.baseline, Self.highestPriority + 1)
        }
        guard let written = spec["priority"] else {
            throw Refusal("expected `priority` in a \(kind.name)", at: spec.location, code: "missing-key")
        }
        let priority = try written.number("`priority`", in: 0...Self.highestPriority)
        guard kind.name == ClusterWideKind.cluster.name else { return (.admin, priority) }
        guard let tier = try spec["tier"]?.scalar("a tier") else {
            throw Refusal("expected `tier` in a ClusterNetworkPolicy", at: spec.location, code: "missing-key")
        }
        switch tier.text {
        case "Admin": return (.admin, priority)
        case "Baseline": return (.baseline, priority)
        default:
            throw Refusal(
                "expected tier `Admin` or `Baseline`, got `\(tier.text.prefix(60))`", at: tier.location,
                code: "unknown-word")
        }
    }

    /// The largest number that the API takes for `priority`.
    static let highestPriority = 1000

    private mutating func rule(
        _ id: RuleID, _ index: Int, _ tree: Tree, _ direction: Direction, _ subject: EndExpression,
        _ kind: ClusterWideKind, doubt: String?
    ) throws(Refusal) -> [FlatRule] {
        _ = try tree.entries("a rule")
        let field = direction == .ingress ? "from" : "to"
        var unknown = tree.unknownFields(known: ["name", "action", field, kind.traffic])
        if let name = try tree["name"]?.scalar("the name of a rule"), name.text.unicodeScalars.count > 100 {
            throw Refusal(
                "expected a name of at most 100 characters", at: name.location, code: "invalid-name")
        }
        guard let word = try tree["action"]?.scalar("an action") else {
            throw Refusal("expected `action` in a rule", at: tree.location, code: "missing-key")
        }
        guard let action = kind.actions[word.text] else {
            throw Refusal(
                "expected an action, one of \(kind.actions.keys.sorted().map { "`\($0)`" }.joined(separator: ", ")), got `\(word.text.prefix(60))`",
                at: word.location, code: "unknown-word")
        }
        let written = try tree.list(field)
        guard (1...kind.maximumPeers).contains(written.count) else {
            throw Refusal(
                "expected 1 to \(kind.maximumPeers) peers in `\(field)`, got \(written.count)", at: tree.location,
                code: "too-many")
        }
        var peers = KubernetesPeers()
        for item in written {
            try add(item, to: &peers, direction, action, kind, unknown: &unknown)
        }
        let (services, isDoubtful) = try services(tree[kind.traffic], kind, unknown: &unknown)
        reportNamedPorts(services, written)
        var own = self.doubt(about: unknown, in: "a rule of a \(kind.name)", rule: id)
        if isDoubtful, own == nil {
            own = "an empty list of ports"
            findings.report(
                .warning, "empty-list",
                "expected ports in `\(kind.traffic)`, got an empty list; the API leaves open whether it means none or all",
                at: tree.location, effect: .may, rule: id)
        }
        var rules = rules(
            id, rank: index, action: action, direction: direction, subject: subject, peers: peers, services: services,
            doubt: doubt ?? own, at: tree.location)
        if peers.isOfUnknownKind, action != .allow {
            // "Fail closed", API docs of the peers: an implementation that does not know the peer denies everything.
            rules.append(
                FlatRule(
                    id: id, rank: index, action: .deny(.drop), direction: direction, subject: subject, peer: .any,
                    services: [.any], certainty: .approximate("a peer of an unknown kind")))
        }
        return rules
    }

    /// Says that what has no pods has no named ports either; the API server refuses such a rule where it checks for it.
    private mutating func reportNamedPorts(_ services: [ServiceTerm], _ peers: [Tree]) {
        let isNamed = services.contains { if case .named = $0 { true } else { false } }
        guard isNamed,
            let peer = peers.first(where: { $0["networks"] != nil || $0["nodes"] != nil || $0["domainNames"] != nil })
        else { return }
        findings.report(
            .warning, "named-port",
            "`networks`, `nodes` and `domainNames` have no named ports; the name matches nothing there",
            at: peer.location, effect: .none)
    }

    /// Exactly one of `namespaces` and `pods`; pods in their node's network are never selected.
    private func pods(_ tree: Tree, _ what: String, unknown: inout [Scalar]) throws(Refusal) -> Selector {
        _ = try tree.entries(what)
        unknown += tree.unknownFields(known: ["namespaces", "pods"])
        var selector = LabelSelectorReader()
        var terms: [Selector] = []
        switch (tree["namespaces"], tree["pods"]) {
        case (let namespaces?, nil): terms = try selector.terms(namespaces, KubernetesLabels.namespace)
        case (nil, let pods?):
            _ = try pods.entries("`pods`")
            unknown += pods.unknownFields(known: ["namespaceSelector", "podSelector"])
            if let written = pods["namespaceSelector"] {
                terms += try selector.terms(written, KubernetesLabels.namespace)
            }
            if let written = pods["podSelector"] { terms += try selector.terms(written, KubernetesLabels.pod) }
        case (nil, nil), (.some, .some):
            throw Refusal("expected one of `namespaces` and `pods` in \(what)", at: tree.location, code: "invalid-peer")
        }
        unknown += selector.unknown
        terms.append(KubernetesCluster.anyPod)
        if let key = KubernetesCluster.hostNetwork { terms.append(.notExists(key)) }
        return KubernetesCluster.all(terms)
    }

    private mutating func add(
        _ tree: Tree, to peers: inout KubernetesPeers, _ direction: Direction, _ action: RuleAction,
        _ kind: ClusterWideKind, unknown: inout [Scalar]
    ) throws(Refusal) {
        _ = try tree.entries("a peer")
        let known = ["namespaces", "pods"] + (direction == .egress ? ["nodes", "networks", "domainNames"] : [])
        let strange = tree.unknownFields(known: known)
        let set = known.filter { tree[$0] != nil }
        guard set.count <= 1, !(set.isEmpty && strange.isEmpty) else {
            throw Refusal(
                "expected one of \(known.map { "`\($0)`" }.joined(separator: ", ")) in a peer", at: tree.location,
                code: "invalid-peer")
        }
        switch set.first {
        case nil:
            // A peer of a later version of the API: it may be anybody.
            unknown += strange
            peers.isOfUnknownKind = true
            peers.approximate.append((.any, "a peer of an unknown kind"))
        case "nodes":
            guard let nodes = tree["nodes"] else { return }
            let found = try self.peers(ofNodes: nodes, unknown: &unknown)
            peers.exact += found.exact
            peers.approximate += found.approximate
            unknown += strange
        case "networks":
            let items = try tree.list("networks")
            guard (1...25).contains(items.count) || (kind.name != ClusterWideKind.cluster.name && !items.isEmpty) else {
                throw Refusal("expected 1 to 25 `networks`, got \(items.count)", at: tree.location, code: "too-many")
            }
            var prefixes: [Prefix] = []
            for item in items { prefixes.append(try prefix(item, "a block of addresses")) }
            peers.exact += self.peers(ofNetworks: AddressSet(prefixes), at: tree.location)
            unknown += strange
        case "domainNames":
            guard action == .allow else {
                throw Refusal(
                    "expected `domainNames` in an accepting rule only", at: tree.location, code: "invalid-peer")
            }
            findings.report(
                .warning, "domain-names", "`domainNames` stand for addresses that only the cluster's resolver knows",
                at: tree.location, effect: .may)
            peers.approximate.append((.any, "the addresses of domain names are not known"))
            unknown += strange
        default:
            peers.exact.append(.selector(try pods(tree, "a peer", unknown: &unknown)))
        }
    }
}
