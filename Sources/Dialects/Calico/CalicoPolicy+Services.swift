import NetworkTypes
import PolicyFiles
import PolicyModel

extension CalicoPolicy {
    /// Takes the pods of a Service for its end; as a destination with the ports that it sends to.
    ///
    /// Which of them are ready is not known, nor what of a Service without a selector, so it is an approximation.
    mutating func addServices(
        _ tree: Tree, beside entity: Tree, home: String?, to found: inout CalicoEntity, unknown: inout [Scalar]
    ) throws(Refusal) {
        _ = try tree.entries("`services`")
        unknown += tree.unknownFields(known: ["name", "namespace"])
        for field in ["selector", "notSelector", "namespaceSelector", "nets", "notNets", "serviceAccounts"]
        where entity[field] != nil {
            throw Refusal("expected `services` without `\(field)`", at: tree.location, code: "invalid-rule")
        }
        guard let name = try tree.text("name"), !name.isEmpty else {
            throw Refusal("expected `name` in `services`", at: tree.location, code: "missing-key")
        }
        guard let namespace = try tree.text("namespace") ?? home else {
            throw Refusal(
                "expected `namespace` in `services` of a GlobalNetworkPolicy", at: tree.location, code: "missing-key")
        }
        found.exact = .union([])
        found.isAny = false
        found.wide = .any
        found.reason = "the endpoints of service `\(namespace)/\(name)` are not known"
        if let service = cluster.services["\(namespace)/\(name)"], let written = service.tree["spec"]?["selector"] {
            var terms: [Selector] = [CalicoLabels.anyPeer]
            if let key = KubernetesCluster.namespaceName, let value = LabelValue(namespace) {
                terms.append(.equals(key, value))
            }
            for entry in try written.entries("`selector`") {
                let label = try KubernetesPodReader.label(entry, KubernetesLabels.pod)
                terms.append(.equals(label.key, label.value))
            }
            found.wide = .selector(.and(terms))
            found.reason = "which pods of service `\(namespace)/\(name)` are ready is not known"
            found.services = try Self.targets(service)
        }
        findings.report(
            .warning, "services", "\(found.reason); what depends on the rule is answered as may", at: tree.location,
            effect: .may)
    }

    /// The ports that a Service sends to.
    private static func targets(_ service: Manifest) throws(Refusal) -> [ServiceTerm] {
        var terms: [ServiceTerm] = []
        for port in try service.tree["spec"]?.list("ports") ?? [] {
            let proto = try KubernetesPorts.proto(port["protocol"])
            guard let target = port["targetPort"] ?? port["port"] else { continue }
            let text = try target.scalar("a port").text
            if let number = UInt16(text) {
                terms.append(.ports(proto, destination: PortSet(number)))
            } else {
                terms.append(.named(KubernetesPorts.key(text, proto)))
            }
        }
        return terms
    }
}
