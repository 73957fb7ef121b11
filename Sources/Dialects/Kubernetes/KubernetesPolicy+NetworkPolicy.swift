import NetworkTypes
import PolicyFiles
import PolicyModel

extension KubernetesPolicy {
    /// Reads a NetworkPolicy (Kubernetes API, networking.k8s.io/v1).
    mutating func addNetworkPolicy(_ manifest: Manifest) throws(Refusal) {
        let name = "NetworkPolicy/\(manifest.namespaceOrDefault)/\(manifest.name)"
        guard let spec = manifest.tree["spec"] else {
            throw Refusal("expected `spec` in a NetworkPolicy", at: manifest.location, code: "missing-key")
        }
        _ = try spec.entries("`spec`")
        let home = try namespace(manifest)
        var selector = LabelSelectorReader()
        var terms = [home]
        if let written = spec["podSelector"] { terms += try selector.terms(written, KubernetesLabels.pod) }
        if let field = selector.unknown.first {
            // Without the unknown part the policy would isolate other pods than its author meant.
            throw Refusal(
                "expected `matchLabels` or `matchExpressions` in `podSelector`, got `\(field.text.prefix(60))`",
                at: field.location, code: "unknown-field")
        }
        let subject = EndExpression.selector(KubernetesCluster.all(terms))
        let unknown = spec.unknownFields(known: ["podSelector", "policyTypes", "ingress", "egress"])
        let doubt = doubt(about: unknown, in: "a NetworkPolicy", rule: nil)
        let directions = try directions(spec)
        // Nothing is added before the whole object is known to be well.
        var rules: [FlatRule] = []
        for direction in Direction.allCases {
            let written = try spec.list(direction.rawValue)
            for (index, tree) in written.enumerated() {
                let id = RuleID(rawValue: "\(name)/\(direction.rawValue)[\(index)]")
                let parts = try rule(id, tree, direction, subject, home: home, doubt: doubt)
                if directions.contains(direction) { rules += parts }
            }
            if let first = written.first, !directions.contains(direction) {
                findings.report(
                    .warning, "ignored-rules",
                    "`policyTypes` does not name \(direction == .ingress ? "Ingress" : "Egress"), so the `\(direction.rawValue)` rules mean nothing",
                    at: first.location, effect: .none)
            }
        }
        networkPolicies += rules
        for direction in directions { selections.append(Selection(subject: subject, direction: direction)) }
        reportHostNetwork(terms, manifest)
    }

    private func namespace(_ manifest: Manifest) throws(Refusal) -> Selector {
        guard let key = KubernetesCluster.namespaceName, let value = LabelValue(manifest.namespaceOrDefault) else {
            throw Refusal(
                "expected a namespace, got `\(manifest.namespaceOrDefault.prefix(60))`", at: manifest.location,
                code: "invalid-name")
        }
        return .equals(key, value)
    }

    /// The directions that it isolates: as stated, else ingress, and egress when there are egress rules.
    private func directions(_ spec: Tree) throws(Refusal) -> [Direction] {
        var directions: [Direction] = []
        for item in try spec.list("policyTypes") {
            let scalar = try item.scalar("a policy type")
            switch scalar.text {
            case "Ingress": if !directions.contains(.ingress) { directions.append(.ingress) }
            case "Egress": if !directions.contains(.egress) { directions.append(.egress) }
            default:
                throw Refusal(
                    "expected `Ingress` or `Egress`, got `\(scalar.text.prefix(60))`", at: scalar.location,
                    code: "unknown-word")
            }
        }
        if directions.isEmpty { directions = try spec.list("egress").isEmpty ? [.ingress] : [.ingress, .egress] }
        return directions
    }

    private mutating func rule(
        _ id: RuleID, _ tree: Tree, _ direction: Direction, _ subject: EndExpression, home: Selector, doubt: String?
    ) throws(Refusal) -> [FlatRule] {
        let field = direction == .ingress ? "from" : "to"
        var unknown = tree.isNull ? [] : try unknownFields(tree, known: [field, "ports"], "a rule")
        var peers = KubernetesPeers()
        let written = try tree.list(field)
        for item in written { try add(item, to: &peers, home: home, unknown: &unknown) }
        if written.isEmpty { peers.exact = [.any] }
        var services: [ServiceTerm] = []
        let ports = try tree.list("ports")
        for port in ports { services.append(try service(port, unknown: &unknown)) }
        if ports.isEmpty { services = [.any] }
        let own = self.doubt(about: unknown, in: "a rule of a NetworkPolicy", rule: id)
        return rules(
            id, action: .allow, direction: direction, subject: subject, peers: peers, services: services,
            doubt: doubt ?? own, at: tree.location)
    }

    private func unknownFields(_ tree: Tree, known: [String], _ what: String) throws(Refusal) -> [Scalar] {
        _ = try tree.entries(what)
        return tree.unknownFields(known: known)
    }

    private mutating func add(
        _ tree: Tree, to peers: inout KubernetesPeers, home: Selector, unknown: inout [Scalar]
    ) throws(Refusal) {
        let strange = try unknownFields(tree, known: ["podSelector", "namespaceSelector", "ipBlock"], "a peer")
        unknown += strange
        let (pods, namespaces, block) = (tree["podSelector"], tree["namespaceSelector"], tree["ipBlock"])
        if let block {
            guard pods == nil, namespaces == nil else {
                throw Refusal(
                    "expected `ipBlock` alone in a peer, got a selector beside it", at: tree.location,
                    code: "invalid-peer")
            }
            let found = self.peers(ofBlock: try self.block(block, unknown: &unknown), at: block.location)
            peers.exact += found.exact
            peers.approximate += found.approximate
            return
        }
        guard pods != nil || namespaces != nil else {
            guard strange.isEmpty else {
                peers.approximate.append((.any, "a peer of an unknown kind"))
                return
            }
            throw Refusal(
                "expected `podSelector`, `namespaceSelector` or `ipBlock` in a peer", at: tree.location,
                code: "invalid-peer")
        }
        var selector = LabelSelectorReader()
        var terms: [Selector] = [home]
        if let namespaces {
            terms = try selector.terms(namespaces, KubernetesLabels.namespace)
        }
        if let pods { terms += try selector.terms(pods, KubernetesLabels.pod) }
        if namespaces != nil { terms.append(KubernetesCluster.anyPod) }
        if plugin == .calico, let key = KubernetesCluster.hostNetwork { terms.append(.notExists(key)) }
        unknown += selector.unknown
        peers.exact.append(.selector(KubernetesCluster.all(terms)))
    }

    private mutating func block(_ tree: Tree, unknown: inout [Scalar]) throws(Refusal) -> AddressSet {
        unknown += try unknownFields(tree, known: ["cidr", "except"], "an ipBlock")
        guard let written = tree["cidr"] else {
            throw Refusal("expected `cidr` in an ipBlock", at: tree.location, code: "missing-key")
        }
        let prefix = try prefix(written, "a block of addresses")
        var set = AddressSet([prefix])
        for item in try tree.list("except") {
            let hole = try self.prefix(item, "a block of addresses")
            guard hole.family == prefix.family, prefix.contains(hole.address), hole.length > prefix.length else {
                throw Refusal(
                    "expected `except` to lie inside `\(prefix)`, got `\(hole)`", at: item.location,
                    code: "invalid-address")
            }
            set = set.subtracting(AddressSet([hole]))
        }
        return set
    }

    private func service(_ tree: Tree, unknown: inout [Scalar]) throws(Refusal) -> ServiceTerm {
        unknown += try unknownFields(tree, known: ["protocol", "port", "endPort"], "a port")
        let proto = try KubernetesPorts.proto(tree["protocol"])
        let end = tree["endPort"]
        guard let port = tree["port"] else {
            if let end {
                throw Refusal("expected `port` beside `endPort`", at: end.location, code: "invalid-port")
            }
            return .proto(proto)
        }
        let scalar = try port.scalar("a port")
        guard scalar.isNoText else {
            guard KubernetesNames.isPortName(scalar.text) else {
                throw Refusal(
                    "expected a port from 1 to 65535 or the name of one, got `\(scalar.text.prefix(60))`",
                    at: scalar.location, code: "invalid-port")
            }
            if let end {
                throw Refusal("expected a number beside `endPort`, got a name", at: end.location, code: "invalid-port")
            }
            return .named(KubernetesPorts.key(scalar.text, proto))
        }
        let first = try KubernetesPorts.number(port, "a port")
        let last = try end.map { value throws(Refusal) in try KubernetesPorts.number(value, "`endPort`") } ?? first
        guard first <= last else {
            throw Refusal(
                "expected `endPort` not below `port`, got \(last) after \(first)", at: (end ?? port).location,
                code: "invalid-port")
        }
        return .ports(proto, destination: PortSet(first...last))
    }

    /// Says that pods in their node's network are answered for as if they were like others.
    private mutating func reportHostNetwork(_ terms: [Selector], _ manifest: Manifest) {
        let selector = Selector.and(terms)
        guard let pod = hostPods.first(where: { selector.matches($0.labels) }) else { return }
        guard plugin == .unknown else {
            findings.report(
                .warning, "host-network",
                "the policy selects `\(pod.id)`, which uses its node's network; Calico has no policy for such pods",
                at: manifest.location, effect: .none)
            return
        }
        findings.report(
            .warning, "host-network",
            "the policy selects `\(pod.id)`, which uses its node's network; Kubernetes leaves open whether policy holds for such pods, and the answer is that it does",
            at: manifest.location, effect: .may)
    }
}

extension KubernetesPorts {
    /// A protocol field; TCP when it is not set.
    static func proto(_ tree: Tree?) throws(Refusal) -> IPProtocol {
        guard let tree else { return .tcp }
        let scalar = try tree.scalar("a protocol")
        guard let proto = proto(scalar.text) else {
            throw Refusal(
                "expected protocol TCP, UDP or SCTP, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "unknown-word")
        }
        return proto
    }

    /// A port number.
    static func number(_ tree: Tree, _ what: String) throws(Refusal) -> UInt16 {
        UInt16(truncatingIfNeeded: try tree.number(what, in: 1...65535))
    }
}
