import PolicyModel

/// How Calico's labels become dimensions of Bulkhead's.
///
/// The labels of endpoints, pods and host interfaces alike, are `pod/K`, those of a pod's namespace `ns/K` and of its service account `sa/K`;
/// what Calico adds to them itself is `calico/…`.
enum CalicoLabels {
    /// The labels that Calico gives endpoints (api `constants.go`, `LabelNamespace` and its like).
    static let namespace = "projectcalico.org/namespace"
    static let orchestrator = "projectcalico.org/orchestrator"
    static let serviceAccount = "projectcalico.org/serviceaccount"
    /// The label of namespaces and service accounts with their name.
    static let name = "projectcalico.org/name"
    /// The prefixes under which those of namespaces and service accounts stand beside the endpoint's own.
    static let namespacePrefix = "pcns."
    static let serviceAccountPrefix = "pcsa."

    /// The dimension that says what kind of endpoint a workload is; who lacks it is none.
    static let endpoint = LabelKey("calico/endpoint")
    /// A pod with a network of its own.
    static let workload = LabelValue("workload")
    /// A host interface whose addresses the files state, so that selectors in rules find it.
    static let host = LabelValue("host")
    /// A host interface that is known by name only.
    static let interface = LabelValue("interface")
    /// What a host interface is allowed after the last tier: `all`, or `unknown` where profiles say it; absent: nothing.
    static let profile = LabelKey("calico/profile")

    /// The dimension of a key; nil for one that no label can have.
    static func key(_ name: String) -> LabelKey? {
        switch name {
        case namespace, namespacePrefix + Self.name: return KubernetesCluster.namespaceName
        case orchestrator: return LabelKey("calico/orchestrator")
        case serviceAccount, serviceAccountPrefix + Self.name: return LabelKey("calico/serviceaccount")
        default: break
        }
        if name.hasPrefix(namespacePrefix) {
            return LabelKey(KubernetesLabels.namespace + name.dropFirst(namespacePrefix.count))
        }
        if name.hasPrefix(serviceAccountPrefix) {
            return LabelKey(serviceAccountDimension + name.dropFirst(serviceAccountPrefix.count))
        }
        return LabelKey(KubernetesLabels.pod + name)
    }

    /// The prefix of the dimensions of service accounts.
    static let serviceAccountDimension = "sa/"

    /// The endpoints that policy may select.
    static var anyEndpoint: Selector { endpoint.map { .exists($0) } ?? .or([]) }

    /// The endpoints that the selectors of rules find.
    static var anyPeer: Selector { kinds([workload, host]) }

    /// The interfaces of hosts.
    static var anyHost: Selector { kinds([host, interface]) }

    private static func kinds(_ kinds: [LabelValue?]) -> Selector {
        endpoint.map { .isIn($0, kinds.compactMap(\.self)) } ?? .or([])
    }
}
