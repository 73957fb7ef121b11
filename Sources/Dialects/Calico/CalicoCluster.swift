import NetworkTypes
import PolicyFiles
import PolicyModel

/// A set of addresses that selectors in rules find by its labels.
struct CalicoNetworkSet {
    /// `GlobalNetworkSet/name` or `NetworkSet/namespace/name`.
    let id: AddressSetID
    /// Its labels with Calico's keys, its namespace's among them.
    let labels: [String: String]
    let addresses: AddressSet
    /// Whether it also stands for names whose addresses are not known.
    let hasDomains: Bool
}

/// Whom Calico's policy can speak of: endpoints, which are pods and interfaces of hosts, and sets of addresses.
struct CalicoCluster {
    let kubernetes: KubernetesCluster
    /// The pods, marked as endpoints or not, then the interfaces of hosts.
    private(set) var workloads: [Workload]
    private(set) var standIns: Set<IPAddress>
    /// How many workloads have such addresses.
    private(set) var withoutAddress: Int
    private(set) var sets: [CalicoNetworkSet] = []
    /// The nodes that have a host endpoint.
    private(set) var nodesWithHosts: Set<String> = []
    /// The Services of the files, by `namespace/name`.
    private(set) var services: [String: Manifest] = [:]

    private let families: [AddressFamily]
    private var owned: Set<IPAddress>

    /// The pods of a cluster as endpoints, with the labels of their service accounts.
    init(_ kubernetes: KubernetesCluster, accounts: [String: Labels], families: [AddressFamily]) {
        self.kubernetes = kubernetes
        self.families = families
        standIns = kubernetes.standIns
        withoutAddress = kubernetes.withoutAddress
        owned = Set(kubernetes.workloads.flatMap(\.addresses))
        workloads = zip(kubernetes.pods, kubernetes.workloads).map { entry, workload in
            // A pod in its node's network is no endpoint (`conversion.go`, `IsValidCalicoWorkloadEndpoint`).
            guard !entry.pod.usesHostNetwork else { return workload }
            var workload = workload
            for (key, value) in accounts["\(entry.pod.namespace)/\(entry.pod.serviceAccount)"] ?? [:] {
                workload.labels[key] = value
            }
            for (key, value) in [
                (CalicoLabels.endpoint, CalicoLabels.workload),
                (CalicoLabels.key(CalicoLabels.orchestrator), LabelValue("k8s")),
                (CalicoLabels.key(CalicoLabels.serviceAccount), LabelValue(entry.pod.serviceAccount)),
            ] {
                if let key, let value { workload.labels[key] = value }
            }
            return workload
        }
    }

    // MARK: Service accounts and services

    /// The labels of a ServiceAccount, under their dimension.
    static func labels(ofAccount manifest: Manifest) throws(Refusal) -> Labels {
        var labels: Labels = [:]
        for entry in try manifest.tree["metadata"]?["labels"]?.entries("labels") ?? [] {
            let label = try KubernetesPodReader.label(entry, CalicoLabels.serviceAccountDimension)
            labels[label.key] = label.value
        }
        return labels
    }

    mutating func addService(_ manifest: Manifest) {
        services["\(manifest.namespaceOrDefault)/\(manifest.name)"] = manifest
    }

    // MARK: Network sets

    /// Reads a GlobalNetworkSet or a NetworkSet; bits after the length of a block mean nothing here.
    mutating func addNetworkSet(_ manifest: Manifest, findings: inout DialectFindings) throws(Refusal) {
        let isGlobal = manifest.kind == "GlobalNetworkSet"
        var labels = try CalicoObjects.labels(manifest)
        if labels[CalicoLabels.namespace] != nil {
            throw Refusal(
                "expected no label `\(CalicoLabels.namespace)` on a \(manifest.kind), Calico sets it itself",
                at: manifest.location, code: "invalid-label")
        }
        if !isGlobal {
            labels[CalicoLabels.namespace] = manifest.namespaceOrDefault
            labels[CalicoLabels.namespacePrefix + CalicoLabels.name] = manifest.namespaceOrDefault
            for (key, value) in kubernetes.namespaces[manifest.namespaceOrDefault] ?? [:] {
                let name = key.description.dropFirst(KubernetesLabels.namespace.count)
                labels[CalicoLabels.namespacePrefix + name] = value.description
            }
        }
        let spec = manifest.tree["spec"]
        _ = try spec?.entries("`spec`")
        let strange = spec?.unknownFields(known: ["nets", "allowedEgressDomains"]) ?? []
        var prefixes: [Prefix] = []
        for item in try spec?.list("nets") ?? [] {
            let scalar = try item.scalar("a block of addresses")
            guard let block = CalicoAddresses.block(scalar.text) else {
                throw Refusal(
                    "expected a block such as `10.0.0.0/8` or an address, got `\(scalar.text.prefix(60))`",
                    at: scalar.location, code: "invalid-address")
            }
            prefixes.append(block.prefix)
        }
        let domains = try spec?.list("allowedEgressDomains") ?? []
        if let first = domains.first {
            findings.report(
                .warning, "domain-names", "domains stand for addresses that only the cluster's resolver knows",
                at: first.location, effect: .may)
        }
        for field in strange {
            findings.report(
                .warning, "unknown-field",
                "unknown field `\(field.text.prefix(60))` in a \(manifest.kind); what depends on the set is answered as may",
                at: field.location, effect: .may)
        }
        let id =
            isGlobal
            ? "\(manifest.kind)/\(manifest.name)"
            : "\(manifest.kind)/\(manifest.namespaceOrDefault)/\(manifest.name)"
        sets.append(
            CalicoNetworkSet(
                id: AddressSetID(rawValue: id), labels: labels, addresses: AddressSet(prefixes),
                hasDomains: !domains.isEmpty || !strange.isEmpty))
    }

    // MARK: Host endpoints

    /// Reads a HostEndpoint as a workload with the addresses that it states.
    mutating func addHostEndpoint(_ manifest: Manifest, findings: inout DialectFindings) throws(Refusal) {
        guard let spec = manifest.tree["spec"] else {
            throw Refusal("expected `spec` in a HostEndpoint", at: manifest.location, code: "missing-key")
        }
        _ = try spec.entries("`spec`")
        guard let node = try spec.text("node"), !node.isEmpty else {
            throw Refusal("expected `node` in a HostEndpoint", at: spec.location, code: "missing-key")
        }
        var addresses: [IPAddress] = []
        for item in try spec.list("expectedIPs") {
            let scalar = try item.scalar("an address")
            guard let address = IPAddress(scalar.text) else {
                throw Refusal(
                    "expected an address, got `\(scalar.text.prefix(60))`", at: scalar.location, code: "invalid-address"
                )
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        let interface = try spec.text("interfaceName") ?? ""
        guard !addresses.isEmpty || !interface.isEmpty else {
            throw Refusal("expected `interfaceName` or `expectedIPs`", at: spec.location, code: "missing-key")
        }
        let id = WorkloadID(rawValue: "\(manifest.name)[HostEndpoint]")
        var labels: Labels = [:]
        for (name, value) in try CalicoObjects.labels(manifest) {
            if let key = CalicoLabels.key(name), let value = LabelValue(value) { labels[key] = value }
        }
        var profiles: [String] = []
        for item in try spec.list("profiles") { profiles.append(try item.scalar("the name of a profile").text) }
        let namedPorts = try Self.namedPorts(spec)
        if let key = CalicoLabels.endpoint {
            labels[key] = addresses.isEmpty ? CalicoLabels.interface : CalicoLabels.host
        }
        if addresses.isEmpty {
            var makeUp = StandInAddresses(besides: owned)
            addresses = families.compactMap { makeUp.address(for: id.rawValue, $0) }
            standIns.formUnion(addresses)
            withoutAddress += 1
            if let key = KubernetesCluster.standIn { labels[key] = LabelValue("true") }
            findings.report(
                .warning, "assumed-address",
                "host endpoint `\(manifest.name)` states no `expectedIPs`; what its policy says holds for flows from and to `\(id)` only, and selectors in rules do not find it",
                at: manifest.location, effect: .leftOut)
        }
        // The profile that allows everything (docs, "Host endpoint", Default behavior; `resources.DefaultAllowProfile`).
        let isOpen = profiles.contains("projectcalico-default-allow")
        if let key = CalicoLabels.profile, !profiles.isEmpty { labels[key] = LabelValue(isOpen ? "all" : "unknown") }
        if !isOpen, let name = profiles.first {
            findings.report(
                .warning, "unknown-profile",
                "profile `\(name.prefix(60))` is not read; what no policy decides at `\(id)` is answered as may",
                at: manifest.location, effect: .may)
        }
        if let shared = addresses.first(where: owned.contains) {
            findings.report(
                .warning, "shared-address",
                "`\(shared)` is also another workload's; which policy holds for it is answered as may",
                at: manifest.location, effect: .may)
        }
        owned.formUnion(addresses)
        nodesWithHosts.insert(node)
        workloads.append(Workload(id: id, labels: labels, addresses: addresses, namedPorts: namedPorts))
    }

    private static func namedPorts(_ spec: Tree) throws(Refusal) -> [PortName: [ProtocolPort]] {
        var result: [PortName: [ProtocolPort]] = [:]
        for port in try spec.list("ports") {
            guard let name = try port.text("name"), KubernetesNames.isPortName(name), let written = port["port"] else {
                throw Refusal(
                    "expected `name`, `port` and `protocol` in a port", at: port.location, code: "invalid-port")
            }
            guard let proto = try port["protocol"].map({ tree throws(Refusal) in try CalicoTraffic.proto(tree) }),
                CalicoTraffic.withPorts.contains(proto)
            else {
                throw Refusal("expected `protocol` TCP, UDP or SCTP of a port", at: port.location, code: "invalid-port")
            }
            let number = try KubernetesPorts.number(written, "a port")
            result[KubernetesPorts.key(name, proto), default: []].append(ProtocolPort(proto, number))
        }
        return result
    }

    /// Says which pods are not endpoints although policy is about their host.
    func reportHostNetwork(findings: inout DialectFindings) {
        for (id, pod) in kubernetes.pods where pod.usesHostNetwork {
            guard let node = pod.node, nodesWithHosts.contains(node) else { continue }
            findings.report(
                .warning, "host-network",
                "`\(id)` uses the network of node `\(node.prefix(60))`; policy for it is that of the node's host endpoint, which the answer for the pod leaves out",
                at: pod.location, effect: .leftOut)
        }
    }
}

/// The forms in which Calico takes blocks of addresses.
enum CalicoAddresses {
    /// A block or a lone address; `isExact` when no bit after the length is set, `isBlock` when a length is written.
    static func block(_ text: String) -> (prefix: Prefix, isExact: Bool, isBlock: Bool)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else { return (Prefix(address), true, false) }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            !(address.family == .ipv4 && first.contains(":")),
            let length = Int(parts[1]), String(length) == parts[1], let prefix = Prefix(address, length: length)
        else { return nil }
        return (prefix, prefix.address == address, true)
    }
}
