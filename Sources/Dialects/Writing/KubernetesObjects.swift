import NetworkTypes
import PolicyFiles
import PolicyModel

/// The objects that are written, in the order in which they were added.
struct KubernetesObjects {
    /// A rule of a ClusterNetworkPolicy; nil protocols mean all traffic.
    struct ClusterRule {
        var peers: [YAMLText]
        var protocols: [YAMLText]?
    }

    private struct ClusterKey: Hashable {
        let rule: RuleID
        let subject: PodTerm
        let action: String
    }

    private struct NamespacedKey: Hashable {
        let rule: RuleID
        let subject: YAMLText
        let namespace: String
        let direction: Direction
    }

    private let loaded: LoadedPolicy
    private let documentation: [RuleID: Documentation]
    private var clusterOrder: [ClusterKey] = []
    private var clusterRules: [ClusterKey: [Direction: [ClusterRule]]] = [:]
    private var namespacedOrder: [NamespacedKey] = []
    private var namespacedRules: [NamespacedKey: [YAMLText]] = [:]
    private var isolation: [(namespace: String, subject: YAMLText)] = []

    init(_ loaded: LoadedPolicy) {
        self.loaded = loaded
        var documentation: [RuleID: Documentation] = [:]
        for rule in loaded.policy.essential { documentation[rule.id] = rule.documentation }
        for guardrail in loaded.policy.guardrails { documentation[guardrail.id] = guardrail.documentation }
        for ruleset in loaded.policy.rulesets {
            for rule in ruleset.rules { documentation[rule.id] = rule.documentation }
        }
        self.documentation = documentation
    }

    // MARK: Adding

    /// Adds rules to the ClusterNetworkPolicy of a written rule, a subject and an action.
    mutating func addCluster(
        _ rule: RuleID, subject: PodTerm, _ direction: Direction, _ action: String, _ rules: [ClusterRule]
    ) {
        let key = ClusterKey(rule: rule, subject: subject, action: action)
        if clusterRules[key] == nil { clusterOrder.append(key) }
        clusterRules[key, default: [:]][direction, default: []] += rules.filter { !$0.peers.isEmpty }
    }

    /// Adds a rule to the NetworkPolicy of a written rule and a subject; nil peers and ports mean all.
    mutating func add(
        _ rule: RuleID, subject: PodTerm, in namespace: String, _ direction: Direction, peers: [YAMLText]?,
        ports: [YAMLText]?
    ) {
        if let peers, peers.isEmpty { return }
        let selector = KubernetesText.selector(subject, ofNamespace: false)
        let key = NamespacedKey(rule: rule, subject: selector, namespace: namespace, direction: direction)
        var entries: [YAMLText.Entry] = []
        if let peers { entries.append(.init(direction == .ingress ? "from" : "to", .list(peers))) }
        if let ports { entries.append(.init("ports", .list(ports))) }
        if namespacedRules[key] == nil { namespacedOrder.append(key) }
        let item = YAMLText.map(entries)
        if !(namespacedRules[key] ?? []).contains(item) { namespacedRules[key, default: []].append(item) }
    }

    /// Adds a NetworkPolicy that denies both directions unless another allows.
    mutating func isolate(_ subject: PodTerm, in namespace: String) {
        isolation.append((namespace, KubernetesText.selector(subject, ofNamespace: false)))
    }

    // MARK: Files

    /// The manifests: cluster-wide ones in one file, the others in one for each namespace.
    func files(notes: [Diagnostic], _ options: WriteOptions) -> [WrittenFile] {
        var head = YAMLText.comment(
            "Written by `bulkhead render kubernetes`" + (options.source.isEmpty ? "." : " from \(options.source)."))
        for note in notes { head += YAMLText.comment(note.headText) }
        var files: [WrittenFile] = []
        let cluster = clusterDocuments
        if !cluster.isEmpty {
            files.append(WrittenFile(path: "cluster.yaml", text: head + cluster.joined(separator: "---\n")))
        }
        for (namespace, documents) in namespacedDocuments {
            files.append(
                WrittenFile(path: "namespace-\(namespace).yaml", text: head + documents.joined(separator: "---\n")))
        }
        return files
    }

    /// Every ClusterNetworkPolicy with a priority of its own, since the order of equal ones is not specified.
    private var clusterDocuments: [String] {
        var namer = KubernetesNamer()
        var bodies: [(ClusterKey, [YAMLText.Entry])] = []
        for key in clusterOrder.filter({ $0.action == "Deny" }) + clusterOrder.filter({ $0.action != "Deny" }) {
            let rules = clusterRules[key] ?? [:]
            let ingress = Self.rules(rules[.ingress] ?? [], "from", key).chunks(of: KubernetesText.maximumItems)
            let egress = Self.rules(rules[.egress] ?? [], "to", key).chunks(of: KubernetesText.maximumItems)
            for number in 0..<max(ingress.count, egress.count) {
                var entries: [YAMLText.Entry] = []
                if number < ingress.count { entries.append(.init("ingress", .list(ingress[number]))) }
                if number < egress.count { entries.append(.init("egress", .list(egress[number]))) }
                bodies.append((key, entries))
            }
        }
        let step = max(1, min(10, Self.priorities / max(1, bodies.count)))
        return bodies.enumerated().map { number, body in
            let (key, entries) = body
            let spec: [YAMLText.Entry] = [
                .init("tier", .text("Admin")), .init("priority", .plain("\(number * step)")),
                .init("subject", KubernetesText.clusterPods(key.subject)),
            ]
            let object = YAMLText.map([
                .init("apiVersion", .text("policy.networking.k8s.io/v1alpha2")),
                .init("kind", .text("ClusterNetworkPolicy")),
                .init("metadata", .map([.init("name", .text(namer.name(key.rule.rawValue)))])),
                .init("spec", .map(spec + entries)),
            ])
            return comment(key.rule) + object.document
        }
    }

    /// How many priorities there are (v1alpha2: 0 to 1000).
    static let priorities = 1_001

    /// The number of ClusterNetworkPolicy objects.
    var clusterCount: Int { clusterDocuments.count }

    private static func rules(_ rules: [ClusterRule], _ field: String, _ key: ClusterKey) -> [YAMLText] {
        let limit = KubernetesText.maximumItems
        return rules.flatMap { rule -> [YAMLText] in
            rule.peers.chunks(of: limit).flatMap { peers -> [YAMLText] in
                let lists: [[YAMLText]?] = rule.protocols.map { $0.chunks(of: limit).map { $0 } } ?? [nil]
                return lists.map { protocols in
                    var entries: [YAMLText.Entry] = [
                        .init("name", .text(String(key.rule.rawValue.prefix(100)))), .init("action", .text(key.action)),
                        .init(field, .list(peers)),
                    ]
                    if let protocols { entries.append(.init("protocols", .list(protocols))) }
                    return .map(entries)
                }
            }
        }
    }

    private var namespacedDocuments: [(namespace: String, documents: [String])] {
        let names = Set(isolation.map(\.namespace) + namespacedOrder.map(\.namespace)).sorted()
        return names.map { namespace in
            var namer = KubernetesNamer()
            var documents = isolation.filter { $0.namespace == namespace }.map { item in
                YAMLText.comment("Mode full: what no rule allows is denied.")
                    + Self.policy(
                        namer.name("isolation"), namespace, item.subject, [.ingress, .egress], []
                    ).document
            }
            for key in namespacedOrder where key.namespace == namespace {
                let name = namer.name("\(key.rule)-\(key.direction == .ingress ? "in" : "out")")
                let rules = YAMLText.Entry(key.direction.rawValue, .list(namespacedRules[key] ?? []))
                documents.append(
                    comment(key.rule)
                        + Self.policy(name, namespace, key.subject, [key.direction], [rules]).document)
            }
            return (namespace, documents)
        }
    }

    private static func policy(
        _ name: String, _ namespace: String, _ subject: YAMLText, _ directions: [Direction], _ rules: [YAMLText.Entry]
    ) -> YAMLText {
        .map([
            .init("apiVersion", .text("networking.k8s.io/v1")), .init("kind", .text("NetworkPolicy")),
            .init("metadata", .map([.init("name", .text(name)), .init("namespace", .text(namespace))])),
            .init(
                "spec",
                .map(
                    [
                        .init("podSelector", subject),
                        .init(
                            "policyTypes", .list(directions.map { .text($0 == .ingress ? "Ingress" : "Egress") })),
                    ] + rules)),
        ])
    }

    /// Whose rule it is, where it stands and why it exists.
    private func comment(_ rule: RuleID) -> String {
        let place = loaded.locations[rule].map { " (\($0.file):\($0.line))" } ?? ""
        guard let known = documentation[rule] else { return YAMLText.comment("\(rule)\(place)") }
        return YAMLText.comment("\(rule)\(place), \(known.owner): \(known.reason)")
    }
}
