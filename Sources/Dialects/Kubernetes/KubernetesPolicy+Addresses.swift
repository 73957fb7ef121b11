import NetworkTypes
import PolicyFiles
import PolicyModel

extension KubernetesPolicy {
    /// A block of addresses as the API server reads it: bits after the length are ignored, with a warning.
    mutating func prefix(_ tree: Tree, _ what: String) throws(Refusal) -> Prefix {
        let scalar = try tree.scalar(what)
        let parts = scalar.text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]),
            !(address.family == .ipv4 && parts[0].contains(":")),
            (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1]), String(length) == parts[1], let prefix = Prefix(address, length: length)
        else {
            throw Refusal(
                "expected \(what) such as `10.0.0.0/8`, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "invalid-address")
        }
        if prefix.address != address {
            findings.report(
                .warning, "host-bits",
                "expected `\(prefix)`, got `\(scalar.text)` with bits after the length, which are ignored",
                at: scalar.location, effect: .none)
        }
        return prefix
    }

    /// The pods of a set of addresses by what the files say of them: pods with addresses, and pods in their node's network.
    private func pods(in set: AddressSet) -> [EndExpression] {
        var parts: [EndExpression] = []
        if podAddresses.meets(set) {
            parts.append(.intersection([withoutStandIns(set), .selector(KubernetesCluster.anyPod)]))
        }
        for pod in hostPods where pod.addresses.contains(where: set.contains) {
            parts.append(.workload(pod.id))
        }
        return parts
    }

    /// The members of a set, but no address that was made up.
    private func withoutStandIns(_ set: AddressSet) -> EndExpression {
        guard standIns.meets(set), let key = KubernetesCluster.standIn else {
            return .addresses(set)
        }
        return .difference(.addresses(set), .selector(.exists(key)))
    }

    /// The peers of an `ipBlock`.
    ///
    /// It is for what is outside of the cluster (Kubernetes, "Network Policies", `ipBlock`); whether it also holds for pods whose
    /// address lies in it depends on the network plugin.
    mutating func peers(ofBlock set: AddressSet, at location: Diagnostic.Location) -> KubernetesPeers {
        switch plugin {
        case .calico: return KubernetesPeers(exact: peers(ofNetworks: set, at: location))
        case .unknown: break
        }
        reportUnknownAddresses(at: location)
        let pods = pods(in: set)
        return KubernetesPeers(
            exact: [.difference(.addresses(set), .selector(KubernetesCluster.anyPod))],
            approximate: pods.isEmpty
                ? [] : [(Self.any(of: pods), "whether an `ipBlock` holds for pods depends on the network plugin")])
    }

    /// The peers of `networks`, which hold for pods as for everybody (API docs of the field `networks`).
    ///
    /// A pod whose address is not known lies in the block of all addresses and in no smaller one.
    mutating func peers(ofNetworks set: AddressSet, at location: Diagnostic.Location) -> [EndExpression] {
        var parts: [EndExpression] = []
        for family in AddressFamily.allCases {
            let members = set.intersection(AddressSet([Prefix.all(family)]))
            guard !members.isEmpty else { continue }
            let isWhole = AddressSet([Prefix.all(family)]).subtracting(members).isEmpty
            if !isWhole { reportUnknownAddresses(at: location) }
            parts.append(isWhole ? .addresses(members) : withoutStandIns(members))
        }
        for pod in hostPods where pod.addresses.contains(where: set.contains) {
            parts.append(.workload(pod.id))
        }
        return parts
    }

    /// Says once that blocks of addresses are taken not to hold for pods whose address the files do not state.
    private mutating func reportUnknownAddresses(at location: Diagnostic.Location) {
        guard !cluster.standIns.isEmpty, passedOver.insert("addresses").inserted else { return }
        findings.report(
            .warning, "assumed-address",
            KubernetesCluster.text(withoutAddress: cluster.withoutAddress),
            at: location, effect: .none)
    }

    /// The peers of a `nodes` selector: the nodes' addresses, and the pods that use them.
    mutating func peers(ofNodes tree: Tree, unknown: inout [Scalar]) throws(Refusal) -> KubernetesPeers {
        var reader = LabelSelectorReader()
        let selector = Selector.and(try reader.terms(tree, KubernetesCluster.nodePrefix))
        unknown += reader.unknown
        let chosen = cluster.nodes.filter { selector.matches($0.labels) }
        let addresses = AddressSet(chosen.flatMap(\.addresses).map { Prefix($0) })
        var peers = KubernetesPeers()
        if chosen.isEmpty {
            findings.report(
                .warning, "no-nodes",
                "`nodes` selects none of the \(cluster.nodes.count) Node objects of the files; it is answered as matching nothing",
                at: tree.location, effect: .leftOut)
        } else if let unknownNode = chosen.first(where: \.addresses.isEmpty) {
            findings.report(
                .warning, "no-addresses",
                "`nodes` selects node `\(unknownNode.name)`, for which the files state no address; it is left out",
                at: tree.location, effect: .leftOut)
        }
        if !addresses.isEmpty {
            peers.exact.append(.difference(.addresses(addresses), .selector(KubernetesCluster.anyPod)))
        }
        let names = Set(chosen.map(\.name))
        for host in hostPods {
            if let node = host.pod.node {
                if names.contains(node) { peers.exact.append(.workload(host.id)) }
            } else if host.addresses.contains(where: addresses.contains) {
                peers.exact.append(.workload(host.id))
            } else if host.addresses.isEmpty, !chosen.isEmpty {
                peers.approximate.append((.workload(host.id), "the node of `\(host.id)` is not known"))
            }
        }
        return peers
    }
}
