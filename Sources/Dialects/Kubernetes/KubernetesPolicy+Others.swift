import NetworkTypes
import PolicyFiles
import PolicyModel

extension KubernetesPolicy {
    /// Says what is passed over: once for each kind.
    mutating func reportOther(_ object: Manifest) {
        if KubernetesPodReader.templatePath(group: object.group, kind: object.kind) != nil { return }
        if object.group.isEmpty, ["Namespace", "Node"].contains(object.kind) { return }
        guard passedOver.insert("\(object.group)/\(object.kind)").inserted else { return }
        let isOwn =
            object.group.isEmpty || !object.group.contains(".") || object.group.hasSuffix(".k8s.io")
        let spec = object.tree["spec"]
        if spec?["template"]?["spec"]?["containers"] != nil || spec?["podTemplate"] != nil {
            findings.report(
                .warning, "unknown-kind",
                "`\(object.kind)` of `\(object.apiVersion)` is not understood; the pods that it makes are left out",
                at: object.location, effect: .leftOut)
        } else if Self.mayDecide(object, isOwn: isOwn) {
            findings.report(
                .warning, "unknown-kind",
                "`\(object.kind)` of `\(object.apiVersion)` is not understood; what it says of traffic is left out",
                at: object.location, effect: .leftOut)
        } else if ["Service", "Ingress", "Route", "Gateway", "HTTPRoute"].contains(object.kind) {
            findings.report(
                .warning, "passed-over",
                "`\(object.kind)` is not read: policy is judged at pods, after the address of a service was replaced",
                at: object.location, effect: .none)
        } else {
            findings.report(
                .warning, "passed-over", "`\(object.kind)` of `\(object.apiVersion)` is not read: no policy needs it",
                at: object.location, effect: .none)
        }
    }

    /// Whether an object could decide about traffic: other products' policies, and versions of the API that are not understood.
    private static func mayDecide(_ object: Manifest, isOwn: Bool) -> Bool {
        let kind = object.kind
        if kind.hasSuffix("NetworkPolicy") || object.group == "policy.networking.k8s.io" { return true }
        if isOwn { return false }
        return ["Policy", "Firewall", "NetworkSet", "HostEndpoint", "Tier", "UserDefinedNetwork", "PeerAuthentication"]
            .contains { kind.contains($0) }
    }

    /// Lets a pod and its node reach each other, whatever NetworkPolicy says, where the files have Node objects.
    ///
    /// Kubernetes, "Network Policies": "traffic to and from the node where a Pod is running is always allowed, regardless of
    /// the IP address of the Pod or the node"; for ingress also the API docs of `NetworkPolicySpec.ingress`.
    mutating func addLocalNodes() {
        guard !selections.isEmpty else { return }
        let rules = localNodeRules()
        guard !rules.isEmpty else { return }
        networkPolicies += rules
        origins[Self.localNode] = RuleOrigin()
    }

    /// Rules that let each pod and its node reach each other; none where the files have no Node objects.
    func localNodeRules() -> [FlatRule] {
        let all = AddressSet(cluster.nodes.flatMap(\.addresses).map { Prefix($0) })
        guard !all.isEmpty else { return [] }
        var byAddress: [IPAddress: KubernetesCluster.Node] = [:]
        for node in cluster.nodes { for address in node.addresses { byAddress[address] = node } }
        var unplaced: [EndExpression] = []
        var placed: [String: [EndExpression]] = [:]
        for (id, pod) in cluster.pods where !pod.usesHostNetwork {
            if let node = pod.node.flatMap({ cluster.nodesByName[$0] })
                ?? pod.nodeAddresses.lazy.compactMap({ byAddress[$0] }).first
            {
                placed[node.name, default: []].append(.workload(id))
            } else {
                unplaced.append(.workload(id))
            }
        }
        var rules: [FlatRule] = []
        for node in cluster.nodes {
            guard let pods = placed[node.name], !node.addresses.isEmpty else { continue }
            rules += Self.localRules(pods, AddressSet(node.addresses.map { Prefix($0) }), .exact)
        }
        if !unplaced.isEmpty {
            rules += Self.localRules(unplaced, all, .approximate("the node of the pod is not known"))
        }
        return rules
    }

    static let localNode: RuleID = "kubernetes/local-node"

    private static func localRules(
        _ pods: [EndExpression], _ addresses: AddressSet, _ certainty: Certainty
    ) -> [FlatRule] {
        Direction.allCases.map { direction in
            FlatRule(
                id: localNode, action: .allow, direction: direction, subject: any(of: pods),
                peer: .difference(.addresses(addresses), .selector(KubernetesCluster.anyPod)), services: [.any],
                certainty: certainty)
        }
    }
}
