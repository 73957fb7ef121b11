import PolicyFiles
import PolicyModel

extension CalicoPolicy {
    /// Where NetworkPolicy stands in the default tier (`conversion.go`, `K8sNetworkPolicyToCalico`).
    private static let networkPolicyOrder = 1000.0

    /// Reads a policy of Kubernetes into the tier that Calico enforces it in.
    mutating func addKubernetes(_ object: Manifest) {
        let before = (
            rules: kubernetes.networkPolicies.count, selections: kubernetes.selections.count,
            ranked: kubernetes.ranked.count
        )
        // One list of findings, so that its bound holds for all.
        kubernetes.findings = findings
        KubernetesReader.readPolicy(object, into: &kubernetes)
        findings = kubernetes.findings
        origins.merge(kubernetes.origins) { mine, _ in mine }
        kubernetes.origins = [:]

        let selections = kubernetes.selections[before.selections...]
        if !selections.isEmpty {
            add(
                CalicoPlacedPolicy(
                    tier: CalicoTier.default.name, order: Self.networkPolicyOrder,
                    tieBreak: "\(object.name)/\(object.namespaceOrDefault)/KubernetesNetworkPolicy",
                    rules: Array(kubernetes.networkPolicies[before.rules...]), ruleCount: 1,
                    selections: Array(selections)))
        }
        for ranked in kubernetes.ranked[before.ranked...] {
            let isOld = ranked.kind != ClusterWideKind.cluster.name
            let tier: CalicoTier
            switch ranked.tier {
            case .admin: tier = isOld ? .oldAdmin : .admin
            case .baseline: tier = isOld ? .oldBaseline : .baseline
            }
            var policy = CalicoPlacedPolicy(
                tier: tier.name, order: Double(ranked.priority), tieBreak: "\(ranked.name)//\(ranked.kind)",
                rules: ranked.rules, ruleCount: ranked.ruleCount)
            doubtUnsupported(object, ranked, &policy)
            add(policy)
        }
    }

    /// Marks rules that Calico cannot take over: it denies everything in place of those that deny or pass, and leaves the others out.
    ///
    /// `clusternetworkpolicy.go`: named ports and peers other than namespaces, pods and networks are not supported.
    private mutating func doubtUnsupported(
        _ object: Manifest, _ ranked: RankedPolicy, _ policy: inout CalicoPlacedPolicy
    ) {
        let spec = object.tree["spec"]
        for direction in Direction.allCases {
            guard case .list(let trees, _)? = spec?[direction.rawValue] else { continue }
            for (index, tree) in trees.enumerated() where Self.isUnsupported(tree) {
                let id = RuleID(rawValue: "\(ranked.kind)/\(ranked.name)/\(direction.rawValue)[\(index)]")
                let reason = "Calico does not support named ports and peers that are neither pods nor blocks"
                findings.report(
                    .warning, "unsupported", "\(reason); what depends on the rule is answered as may",
                    at: tree.location,
                    effect: .may, rule: id)
                for place in policy.rules.indices where policy.rules[place].id == id {
                    policy.rules[place].certainty = .approximate(reason)
                    if policy.rules[place].action != .allow {
                        policy.rules[place].action = .deny(.drop)
                        policy.rules[place].peer = .any
                        policy.rules[place].services = [.any]
                    }
                }
            }
        }
    }

    private static func isUnsupported(_ rule: Tree) -> Bool {
        func items(_ field: String) -> [Tree] {
            guard case .list(let items, _)? = rule[field] else { return [] }
            return items
        }
        return (items("ports") + items("protocols")).contains {
            $0["namedPort"] != nil || $0["destinationNamedPort"] != nil
        } || items("to").contains { $0["nodes"] != nil || $0["domainNames"] != nil }
    }
}
