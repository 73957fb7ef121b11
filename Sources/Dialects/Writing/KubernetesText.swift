import NetworkTypes
import PolicyModel

/// The parts of manifests: selectors, peers, ports.
struct KubernetesText {
    /// What a label of Bulkhead's is called in Kubernetes.
    struct Key: Hashable {
        let isNamespace: Bool
        let name: String

        /// `ns/K` is the label K of the namespace; `pod/K` and every other dimension is a label of the pod.
        init(_ key: LabelKey) {
            let text = key.description
            isNamespace = text.hasPrefix(KubernetesLabels.namespace)
            if isNamespace {
                name = String(text.dropFirst(KubernetesLabels.namespace.count))
            } else {
                name = text.hasPrefix(KubernetesLabels.pod) ? String(text.dropFirst(KubernetesLabels.pod.count)) : text
            }
        }

        /// Whether the API server takes it.
        var isValid: Bool { KubernetesNames.isLabelKey(name) }
    }

    /// Whether the label is one that reading manifests adds (`KubernetesCluster`), which no pod has.
    static func isOwn(_ key: LabelKey) -> Bool { ownLabels.contains(key) }

    /// The labels that reading manifests adds.
    static let ownLabels: Set<LabelKey> = Set(
        [KubernetesCluster.hostNetwork, KubernetesCluster.standIn].compactMap(\.self))

    /// The most items that a list of a ClusterNetworkPolicy may have (v1alpha2, `MaxItems`).
    static let maximumItems = 25

    /// A `LabelSelector` of the tests on namespaces, or on pods.
    static func selector(_ term: PodTerm, ofNamespace: Bool) -> YAMLText {
        var labels: [YAMLText.Entry] = []
        var expressions: [YAMLText] = []
        func add(_ key: String, _ word: String, _ values: Set<LabelValue> = []) {
            var entries: [YAMLText.Entry] = [.init("key", .text(key)), .init("operator", .text(word))]
            if !values.isEmpty { entries.append(.init("values", .list(values.sorted().map { .text($0.description) }))) }
            expressions.append(.map(entries))
        }
        for (key, test) in term.tests.sorted(by: { $0.key < $1.key }) {
            let name = Key(key)
            guard name.isNamespace == ofNamespace else { continue }
            switch test {
            case .oneOf(let values):
                if values.count == 1, let only = values.first {
                    labels.append(.init(name.name, .text(only.description)))
                } else {
                    add(name.name, "In", values)
                }
            case .present(let values):
                add(name.name, "Exists")
                if !values.isEmpty { add(name.name, "NotIn", values) }
            case .missingOr(let values): if !values.isEmpty { add(name.name, "NotIn", values) }
            case .missing: add(name.name, "DoesNotExist")
            }
        }
        var entries: [YAMLText.Entry] = []
        if !labels.isEmpty { entries.append(.init("matchLabels", .map(labels))) }
        if !expressions.isEmpty { entries.append(.init("matchExpressions", .list(expressions))) }
        return .map(entries)
    }

    /// The namespace that a term names by its name alone, if that is all it asks of namespaces.
    static func namespace(_ term: PodTerm) -> String? {
        let tests = term.tests.filter { Key($0.key).isNamespace }
        guard tests.count == 1, let (key, test) = tests.first, Key(key).name == KubernetesLabels.namespaceName,
            case .oneOf(let values) = test, values.count == 1
        else { return nil }
        return values.first?.description
    }

    private static func isEmpty(_ selector: YAMLText) -> Bool { selector == .map([]) }

    /// Pods as subject or peer of a ClusterNetworkPolicy.
    static func clusterPods(_ term: PodTerm) -> YAMLText {
        let (namespaces, pods) = (selector(term, ofNamespace: true), selector(term, ofNamespace: false))
        if isEmpty(pods) { return .map([.init("namespaces", namespaces)]) }
        return .map([.init("pods", .map([.init("namespaceSelector", namespaces), .init("podSelector", pods)]))])
    }

    /// Pods as peer of a NetworkPolicy in a namespace.
    static func peer(_ term: PodTerm, in namespace: String) -> YAMLText {
        let pods = selector(term, ofNamespace: false)
        if Self.namespace(term) == namespace { return .map([.init("podSelector", pods)]) }
        var entries: [YAMLText.Entry] = [.init("namespaceSelector", selector(term, ofNamespace: true))]
        if !isEmpty(pods) { entries.append(.init("podSelector", pods)) }
        return .map(entries)
    }

    /// Addresses as peers of a NetworkPolicy: each block with what lies in it and is not meant.
    static func blocks(_ set: AddressSet) -> [YAMLText] {
        AddressFamily.allCases.flatMap { family -> [YAMLText] in
            let members = set.intersection(AddressSet([Prefix.all(family)]))
            guard !members.isEmpty else { return [] }
            let plain = members.prefixes
            let cover = Self.cover(plain)
            let holes = AddressSet([cover]).subtracting(members).prefixes
            if holes.count < plain.count - 1 {
                let except = YAMLText.list(holes.map { .text($0.description) })
                return [
                    .map([.init("ipBlock", .map([.init("cidr", .text(cover.description)), .init("except", except)]))])
                ]
            }
            return plain.map { .map([.init("ipBlock", .map([.init("cidr", .text($0.description))]))]) }
        }
    }

    /// The smallest block that holds all of the blocks, which are of one family.
    private static func cover(_ prefixes: [Prefix]) -> Prefix {
        guard let first = prefixes.first else { return Prefix.all(.ipv4) }
        var length = first.length
        while length > 0 {
            if let block = Prefix(first.address, length: length),
                prefixes.allSatisfy({ block.length <= $0.length && block.contains($0.address) })
            {
                return block
            }
            length -= 1
        }
        return Prefix.all(first.family)
    }

    /// The ports of a NetworkPolicy's rule; nil means all traffic.
    static func ports(_ services: TrafficServices, _ names: KubernetesPortNames) -> [YAMLText]? {
        services.kubernetesParts(names).map { parts in
            parts.map { part in
                var entries: [YAMLText.Entry] = [.init("protocol", .text(part.proto.description.uppercased()))]
                switch part.ports {
                case .all: break
                case .range(let range):
                    entries.append(.init("port", .plain("\(range.lowerBound)")))
                    if range.count > 1 { entries.append(.init("endPort", .plain("\(range.upperBound)"))) }
                case .named(let name): entries.append(.init("port", .text(name)))
                }
                return .map(entries)
            }
        }
    }

    /// The protocols of a ClusterNetworkPolicy's rule, those with numbers and those with names; nil means all traffic.
    static func protocols(
        _ services: TrafficServices, _ names: KubernetesPortNames
    ) -> (numbered: [YAMLText], named: [YAMLText])? {
        guard let parts = services.kubernetesParts(names) else { return nil }
        var numbered: [YAMLText] = []
        var named: [YAMLText] = []
        for part in parts {
            switch part.ports {
            case .all: numbered.append(one(part.proto, 1...65_535))
            case .range(let range): numbered.append(one(part.proto, range))
            case .named(let name):
                let item = YAMLText.map([.init("destinationNamedPort", .text(name))])
                if !named.contains(item) { named.append(item) }
            }
        }
        return (numbered, named)
    }

    private static func one(_ proto: IPProtocol, _ range: ClosedRange<UInt16>) -> YAMLText {
        let port: YAMLText =
            range.count == 1
            ? .map([.init("number", .plain("\(range.lowerBound)"))])
            : .map([
                .init(
                    "range",
                    .map([
                        .init("start", .plain("\(range.lowerBound)")), .init("end", .plain("\(range.upperBound)")),
                    ]))
            ])
        return .map([.init(proto.description, .map([.init("destinationPort", port)]))])
    }
}

/// Which container ports the names of ports stand for.
struct KubernetesPortNames {
    private var protocols: [PortName: Set<IPProtocol>] = [:]
    /// Names that stand for another name in one protocol, as reading Kubernetes makes them.
    private var aliases: [PortName: (name: String, proto: IPProtocol)] = [:]

    init(_ workloads: [Workload]) {
        for workload in workloads {
            for (name, ports) in workload.namedPorts { protocols[name, default: []].formUnion(ports.map(\.proto)) }
        }
        for name in protocols.keys.sorted() {
            for proto in KubernetesPlan.protocols {
                let suffixes = ["-\(proto)", "/\(proto)"].filter { name.rawValue.hasSuffix($0) }
                guard let suffix = suffixes.first else { continue }
                let base = PortName(rawValue: String(name.rawValue.dropLast(suffix.count)))
                let isAlias =
                    protocols[base] != nil
                    && workloads.allSatisfy { workload in
                        (workload.namedPorts[base] ?? []).filter { $0.proto == proto }
                            == (workload.namedPorts[name] ?? [])
                    }
                if isAlias { aliases[name] = (base.rawValue, proto) }
            }
        }
    }

    /// The name in the manifests of the pods, with the protocols that it has there.
    func written(_ name: PortName) -> (name: String, protocols: [IPProtocol]) {
        if let alias = aliases[name] { return (alias.name, [alias.proto]) }
        return (name.rawValue, KubernetesPlan.protocols.filter { protocols[name]?.contains($0) ?? false })
    }

    /// Whether the name stands for ports of one protocol where the base name has others too.
    func isAlias(_ name: PortName) -> Bool {
        guard let alias = aliases[name] else { return false }
        return protocols[PortName(rawValue: alias.name)] != [alias.proto]
    }
}

extension TrafficServices {
    /// Ports of one protocol as Kubernetes writes them.
    struct KubernetesPart: Hashable {
        enum Ports: Hashable {
            case all
            case range(ClosedRange<UInt16>)
            case named(String)
        }

        let proto: IPProtocol
        let ports: Ports
    }

    /// The parts of TCP, UDP and SCTP; nil means all traffic.
    fileprivate func kubernetesParts(_ names: KubernetesPortNames) -> [KubernetesPart]? {
        if self == .set(.all) { return nil }
        var result: [KubernetesPart] = []
        func add(_ part: KubernetesPart) { if !result.contains(part) { result.append(part) } }
        var numbered: [ServiceTerm] = []
        switch self {
        case .set(let set): return Self.parts(set)
        case .carried(let terms):
            if terms.contains(.any) { return nil }
            for term in terms {
                if case .named(let name) = term {
                    let written = names.written(name)
                    for proto in written.protocols { add(KubernetesPart(proto: proto, ports: .named(written.name))) }
                } else if case .ports(let proto, let destination, _) = term {
                    // Source ports were told of and are passed over.
                    numbered.append(.ports(proto, destination: destination))
                } else {
                    numbered.append(term)
                }
            }
        }
        return Self.parts(TrafficSet(numbered) ?? .none) + result
    }

    private static func parts(_ set: TrafficSet) -> [KubernetesPart] {
        KubernetesPlan.protocols.flatMap { proto -> [KubernetesPart] in
            let ports = set[proto]
            if ports == .all { return [KubernetesPart(proto: proto, ports: .all)] }
            return ports.subtracting(PortSet(0)).intervals.map { KubernetesPart(proto: proto, ports: .range($0)) }
        }
    }
}
