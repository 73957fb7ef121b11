import NetworkTypes
import PolicyFiles
import PolicyModel

/// Turns a plan into objects: which of the two kinds says a rule, and in which namespace.
struct KubernetesDraft {
    private(set) var plan: KubernetesPlan
    private(set) var objects: KubernetesObjects

    private let cluster: KubernetesInventory
    private let ends: KubernetesEnds
    private let table: EndTable
    private let names: KubernetesPortNames
    private var namer: EndNamer
    /// What expressions were resolved to; nil where labels cannot say them.
    private var known: [EndExpression: KubernetesEnds.Resolved?] = [:]
    private let full: MemberSet
    private let selective: MemberSet

    init(
        _ loaded: LoadedPolicy, _ flat: FlatPolicy, _ cluster: KubernetesInventory, _ table: EndTable,
        _ options: WriteOptions
    ) {
        plan = KubernetesPlan(loaded, flat, table, at: options.now)
        objects = KubernetesObjects(loaded)
        self.cluster = cluster
        self.table = table
        ends = KubernetesEnds(
            table, workloads: cluster.workloads, namespaces: cluster.namespaces, sets: flat.addressSets)
        names = KubernetesPortNames(cluster.workloads)
        namer = EndNamer(table, cluster.workloads)
        let members = table.universe.members
        func inMode(_ mode: EnforcementMode) -> MemberSet {
            MemberSet(count: members.count) { members[$0].owner?.mode == mode }
        }
        full = inMode(.full)
        selective = inMode(.selective)
    }

    /// Makes all objects.
    mutating func write() {
        var taken: [KubernetesPlan.Directed] = []
        for guardrail in plan.guardrails {
            taken += deny(guardrail, among: full.union(selective))
        }
        for allow in plan.allows {
            guard let mine = limited(allow, to: full) else { continue }
            for piece in plan.subtracting(taken, from: mine) { self.allow(piece) }
        }
        for deny in plan.denies {
            guard let mine = limited(deny, to: selective) else { continue }
            let above = plan.allows.compactMap { limited($0, to: selective) }
            for piece in plan.subtracting(above, from: mine) { _ = self.deny(piece, among: selective) }
        }
        isolate()
    }

    /// The part of a box whose subject is one of these.
    private mutating func limited(_ directed: KubernetesPlan.Directed, to members: MemberSet) -> KubernetesPlan
        .Directed?
    {
        let subject = directed.subject
        guard !subject.members.isDisjoint(with: members) else { return nil }
        if subject.members.isSubset(of: members) { return directed }
        let limit = namer.name(members)
        var box = directed.box
        switch directed.direction {
        case .egress: box.from = subject.intersection(limit)
        case .ingress: box.to = subject.intersection(limit)
        }
        return directed.with(box)
    }

    // MARK: Denials

    /// Writes a denial into the Admin tier; returns what of it no ClusterNetworkPolicy can say, to be taken out of allows.
    private mutating func deny(
        _ directed: KubernetesPlan.Directed, among members: MemberSet
    ) -> [KubernetesPlan.Directed] {
        guard let mine = limited(directed, to: members), let subject = resolved(mine.subject, mine.rule),
            let peer = resolved(mine.peer, mine.rule)
        else { return [] }
        var rules = [KubernetesObjects.ClusterRule]()
        let protocols = KubernetesText.protocols(mine.box.services, names)
        if protocols.map({ !$0.numbered.isEmpty || !$0.named.isEmpty }) ?? true, !peer.pods.isEmpty {
            rules.append(
                KubernetesObjects.ClusterRule(
                    peers: peer.pods.map(KubernetesText.clusterPods),
                    protocols: protocols.map { $0.numbered + $0.named }))
        }
        var rest: [KubernetesPlan.Directed] = []
        if !peer.outside.isEmpty {
            // `networks` holds for pods too, so none may lie in it that is not meant (v1alpha2, `networks`).
            let networks = peer.outside.subtracting(strangers(mine.peer)).prefixes
            let isSayable = mine.direction == .egress && networks.count <= 4 * KubernetesText.maximumItems
            if isSayable, protocols?.numbered.isEmpty != true {
                let chunks = networks.chunks(of: KubernetesText.maximumItems)
                rules.append(
                    KubernetesObjects.ClusterRule(
                        peers: chunks.map { .map([.init("networks", .list($0.map { .text($0.description) }))]) },
                        protocols: protocols?.numbered))
            } else if !isSayable {
                let outside = table[.any].subtracting(table[.anyWorkload])
                var box = mine.box
                switch mine.direction {
                case .egress: box.to = box.to.intersection(outside)
                case .ingress: box.from = box.from.intersection(outside)
                }
                rest.append(mine.with(box))
                if !mine.subject.members.isDisjoint(with: selective) {
                    plan.tell(
                        mine.rule,
                        "denies addresses outside to workloads in mode selective, which ClusterNetworkPolicy cannot say for this direction"
                    )
                }
            }
        }
        if ends.touchesHostNetwork(mine.subject) || ends.touchesHostNetwork(mine.peer) {
            rest.append(mine)
            if !mine.subject.members.isDisjoint(with: selective) {
                plan.tell(
                    mine.rule,
                    "denies something to pods in their node's network, which ClusterNetworkPolicy never selects")
            }
        }
        for term in subject.pods where !ends.members(term).isEmpty {
            objects.addCluster(mine.rule, subject: term, mine.direction, "Deny", rules)
        }
        return rest
    }

    /// The addresses of workloads that an end does not hold for.
    private func strangers(_ end: EndSet) -> AddressSet {
        let universe = table.universe
        let others = universe.owned.subtracting(end.members).numbers.map { Prefix(universe.members[$0].address) }
        return AddressSet(others)
    }

    // MARK: Allows

    private mutating func allow(_ directed: KubernetesPlan.Directed) {
        guard let subject = resolved(directed.subject, directed.rule), let peer = resolved(directed.peer, directed.rule)
        else { return }
        let ports = KubernetesText.ports(directed.box.services, names)
        guard ports?.isEmpty != true, !peer.pods.isEmpty || !peer.outside.isEmpty else { return }
        let isClusterWide = !ends.touchesHostNetwork(directed.subject) && !ends.touchesHostNetwork(directed.peer)
        for term in subject.pods {
            let places = Set(ends.members(term).compactMap { cluster.namespaces[$0.id] }).sorted()
            // Only NetworkPolicy knows addresses in both directions.
            if places.count > 1, peer.outside.isEmpty, isClusterWide {
                let protocols = KubernetesText.protocols(directed.box.services, names)
                objects.addCluster(
                    directed.rule, subject: term, directed.direction, "Accept",
                    [
                        KubernetesObjects.ClusterRule(
                            peers: peer.pods.map(KubernetesText.clusterPods),
                            protocols: protocols.map { $0.numbered + $0.named })
                    ])
                continue
            }
            for place in places {
                objects.add(
                    directed.rule, subject: term, in: place, directed.direction,
                    peers: peers(peer, directed.peer, in: place), ports: ports)
            }
        }
    }

    /// The peers of a NetworkPolicy; nil means everybody.
    private func peers(_ peer: KubernetesEnds.Resolved, _ end: EndSet, in namespace: String) -> [YAMLText]? {
        if peer.pods == [PodTerm()], peer.outside == .all { return nil }
        return peer.pods.map { KubernetesText.peer($0, in: namespace) }
            + KubernetesText.blocks(peer.outside.subtracting(strangers(end)))
    }

    // MARK: Isolation

    private mutating func isolate() {
        for place in cluster.names {
            let here = MemberSet(count: table.universe.members.count) { number in
                table.universe.members[number].owner.map { cluster.namespaces[$0.id] == place } ?? false
            }
            let isolated = here.intersection(full)
            guard !isolated.isEmpty else { continue }
            if isolated == here {
                objects.isolate(PodTerm(), in: place)
                continue
            }
            guard let resolved = ends.resolve(namer.name(isolated)) else {
                plan.tell(
                    "enforcement", "gives pods of `\(place)` different modes, which their labels cannot tell apart")
                continue
            }
            for term in resolved.pods { objects.isolate(term, in: place) }
        }
    }

    private mutating func resolved(_ end: EndSet, _ rule: RuleID) -> KubernetesEnds.Resolved? {
        let answer = known[end.expression] ?? ends.resolve(end)
        known[end.expression] = .some(answer)
        if let answer { return answer }
        plan.tell(rule, "names workloads that their labels cannot tell from others")
        return nil
    }
}

extension Array {
    /// The elements in order, in lists of at most `size`.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
