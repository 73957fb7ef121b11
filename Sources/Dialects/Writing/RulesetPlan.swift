import PolicyModel

/// Puts allow rules into rulesets: one for each namespace, and one for what spans several.
struct RulesetPlan {
    /// The label that Kubernetes gives to each namespace (`kubernetes.io/metadata.name`), as readers name it.
    static let namespaceKey = LabelKey("ns/kubernetes.io/metadata.name")

    private struct Team {
        let name: String
        let scope: Selector
        let members: MemberSet
        var names = UniqueNames()
        var rules: [Rule] = []
    }

    private let context: ImportContext
    private var teams: [Team] = []
    private var cluster: Team

    init(_ context: ImportContext) {
        self.context = context
        let universe = context.table.universe
        var names = UniqueNames()
        if let key = Self.namespaceKey {
            let values = Set(context.workloads.compactMap { $0.labels[key] }).sorted()
            for value in values {
                let scope = Selector.equals(key, value)
                teams.append(
                    Team(
                        name: names.name(for: "namespace-\(value)", or: "namespace"), scope: scope,
                        members: universe.members(of: .selector(scope))))
            }
        }
        cluster = Team(
            name: names.name(for: teams.isEmpty ? "imported" : "several-namespaces", or: "imported"), scope: .all,
            members: universe.owned)
    }

    /// A name made of those of the originals, without the kinds and namespaces that Kubernetes' have in front.
    static func name(_ origins: [RuleID]) -> String {
        origins.map { id in
            var parts = id.rawValue.split(separator: "/")
            if parts.count > 2, parts[0].hasSuffix("NetworkPolicy") {
                parts.removeFirst(parts[0] == "NetworkPolicy" && parts.count > 3 ? 2 : 1)
            }
            return parts.joined(separator: "-")
        }.joined(separator: "--")
    }

    /// Adds an allow.
    mutating func add(_ box: FlowBox) {
        if let number = teams.firstIndex(where: { fits(box, $0) }) {
            Self.add(box, to: &teams[number], context)
        } else {
            Self.add(box, to: &cluster, context)
        }
    }

    /// The rulesets that hold rules, by name.
    var rulesets: [Ruleset] {
        (teams + [cluster]).filter { !$0.rules.isEmpty }.sorted { $0.name < $1.name }.map {
            Ruleset(id: $0.name, scopes: [$0.scope], rules: $0.rules.sorted { $0.id < $1.id })
        }
    }

    /// Whether the scope consents to all that the box covers.
    private func fits(_ box: FlowBox, _ team: Team) -> Bool {
        let owned = context.table.universe.owned
        let inside = box.to.members.intersection(owned)
        guard inside.isSubset(of: team.members) else { return false }
        // To what is no workload, the source's owner decides; a rule that covers nobody belongs to whom it names.
        if inside == box.to.members, !inside.isEmpty { return true }
        return box.from.members.isSubset(of: team.members)
    }

    private static func add(_ box: FlowBox, to team: inout Team, _ context: ImportContext) {
        let base = box.origins.isEmpty ? "not-restricted" : Self.name(box.origins)
        let name = team.names.name(for: base, or: "rule")
        let owned = context.table.universe.owned
        let reachesWorkloads = !box.to.members.isDisjoint(with: owned)
        team.rules.append(
            Rule(
                id: RuleID(rawValue: "\(team.name)/\(name)"), match: context.match(box),
                anywhere: reachesWorkloads && !box.from.members.isSubset(of: team.members),
                documentation: context.documentation(box.origins)))
    }
}
