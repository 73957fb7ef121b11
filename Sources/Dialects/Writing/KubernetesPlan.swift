import NetworkTypes
import PolicyFiles
import PolicyModel

/// What of a policy Kubernetes can say, as directed boxes; what it cannot is collected as problems.
struct KubernetesPlan {
    /// The flows of a written rule that its subject's end judges.
    struct Directed {
        var direction: Direction
        var box: FlowBox
        /// The written rule.
        var rule: RuleID

        var subject: EndSet { direction == .egress ? box.from : box.to }
        var peer: EndSet { direction == .egress ? box.to : box.from }

        func with(_ box: FlowBox) -> Self { Directed(direction: direction, box: box, rule: rule) }
    }

    /// Denials that no allow overrides, without their exceptions and what is essential.
    private(set) var guardrails: [Directed] = []
    /// Allows, those of essential rules among them.
    private(set) var allows: [Directed] = []
    /// Denials below the allows.
    private(set) var denies: [Directed] = []
    /// What cannot be said, once for each rule and reason.
    private(set) var problems: [Diagnostic] = []
    /// What is worth knowing of what is said.
    private(set) var notes: [Diagnostic] = []

    private let table: EndTable
    private let loaded: LoadedPolicy
    private let now: Instant
    private var namer: EndNamer
    private var told: Set<String> = []

    /// The protocols that Kubernetes policies speak of (core/v1 `Protocol`).
    static let protocols: [IPProtocol] = [.tcp, .udp, .sctp]

    init(_ loaded: LoadedPolicy, _ policy: FlatPolicy, _ table: EndTable, at now: Instant) {
        self.table = table
        self.loaded = loaded
        self.now = now
        namer = EndNamer(table, loaded.workloads)
        var essential: [Directed] = []
        let quarantines = Set(loaded.policy.quarantines.flatMap { [$0.id] + $0.exceptions.map(\.id) })
        for quarantine in loaded.policy.quarantines {
            tell(
                quarantine.id,
                "cuts workloads off, for which Kubernetes has no word: label the pods and write a guardrail")
        }
        for tier in policy.layers.flatMap(\.tiers) {
            if tier.id.rawValue.hasPrefix("quarantine/") { continue }
            var passes: [Directed] = []
            for rule in tier.rules.sorted(by: { $0.rank < $1.rank })
            where !quarantines.contains(rule.id) {
                for directed in boxes(rule) {
                    switch rule.action {
                    case .pass: passes.append(directed)
                    case .deny:
                        if tier.id == "deny" {
                            denies.append(directed)
                        } else {
                            guardrails += subtracting(passes + essential, from: directed)
                        }
                    case .allow:
                        if tier.id == "essential" { essential.append(directed) }
                        allows.append(directed)
                    }
                }
            }
        }
    }

    /// What is left of a box, with a problem where that cannot be told.
    mutating func subtracting(_ others: [Directed], from directed: Directed) -> [Directed] {
        let holes = others.filter { $0.direction == directed.direction }.map(\.box)
        do throws(NotSymbolic) {
            return try FlowBoxes.subtracting(holes, from: directed.box).map(directed.with)
        } catch {
            // Names of ports are looked up at the workloads where they meet numbers.
            var resolved: [FlowBox] = []
            for hole in holes { resolved += table.numbered(hole, &namer) }
            do throws(NotSymbolic) {
                var pieces: [FlowBox] = []
                for box in table.numbered(directed.box, &namer) { pieces += try FlowBoxes.subtracting(resolved, from: box) }
                return pieces.map(directed.with)
            } catch {
                tell(directed.rule, "cannot be written without what is taken out of it: \(error.reason)")
                return []
            }
        }
    }

    /// Adds a problem of a rule.
    mutating func tell(_ rule: RuleID, _ reason: String) {
        guard told.insert("\(rule) \(reason)").inserted else { return }
        problems.append(
            Diagnostic(.error, code: "cannot-say", "`\(rule)` \(reason)", at: loaded.locations[rule]))
    }

    private mutating func note(_ rule: RuleID, _ text: String) {
        guard told.insert("\(rule) \(text)").inserted else { return }
        notes.append(Diagnostic(.warning, code: "not-written", "`\(rule)` \(text)", at: loaded.locations[rule]))
    }

    // MARK: Reading a rule

    private mutating func boxes(_ rule: FlatRule) -> [Directed] {
        guard isInForce(rule) else { return [] }
        if rule.subjectAttributes.processes != nil || rule.peerAttributes.processes != nil {
            tell(rule.id, "names programs, which Kubernetes does not know")
        }
        if rule.subjectAttributes.principals != nil || rule.peerAttributes.principals != nil
            || rule.relations.contains(.samePrincipal)
        {
            tell(rule.id, "names principals, which Kubernetes does not know")
        }
        if !rule.conditions.isEmpty { tell(rule.id, "depends on facts, which Kubernetes does not know") }
        let services = TrafficServices(services(rule))
        guard !services.isEmpty else { return [] }
        var relations = rule.relations
        relations.removeAll { $0 == .samePrincipal }
        let (subject, peer) = (table[rule.subject], table[rule.peer])
        guard let pairs = related(subject, peer, relations) else {
            tell(rule.id, "relates labels with too many values")
            return []
        }
        return pairs.compactMap { subject, peer in
            let box = FlowBox(
                from: rule.direction == .egress ? subject : peer, to: rule.direction == .egress ? peer : subject,
                relations: [], services: services, origins: [rule.id])
            return box.isEmpty ? nil : Directed(direction: rule.direction, box: box, rule: rule.id)
        }
    }

    /// Whether the rule counts at the instant; what begins or ends later cannot be said.
    private mutating func isInForce(_ rule: FlatRule) -> Bool {
        if let until = rule.validity.until, until <= now {
            note(rule.id, "has expired and is left out")
            return false
        }
        if let from = rule.validity.from, from > now {
            tell(rule.id, "begins later, which Kubernetes cannot say; it is left out until then")
            return false
        }
        if rule.validity.until != nil { tell(rule.id, "ends later, which Kubernetes cannot say") }
        return true
    }

    /// The terms that Kubernetes can say; what it cannot is left out, and source ports are passed over.
    private mutating func services(_ rule: FlatRule) -> [ServiceTerm] {
        // What covers every other protocol is as good as `any`, of which Kubernetes has the same idea.
        let numbered = rule.services.filter { if case .named = $0 { false } else { true } }
        let coversOthers = TrafficSet(numbered)?.coversAll(besides: Self.protocols) ?? false
        var terms: [ServiceTerm] = []
        for term in rule.services {
            switch term {
            case .any, .named: terms.append(term)
            case .proto(let proto) where coversOthers && !Self.protocols.contains(proto): terms.append(term)
            case .proto(let proto) where Self.protocols.contains(proto): terms.append(term)
            case .ports(let proto, let destination, let source) where Self.protocols.contains(proto):
                if source != .all { tell(rule.id, "names source ports, which Kubernetes cannot say") }
                // Port 0 is no port there.
                terms.append(
                    .ports(proto, destination: destination == .all ? .all : destination.subtracting(PortSet(0))))
            case .proto(let proto), .ports(let proto, _, _), .icmp(let proto, _, _):
                tell(rule.id, "names \(proto), and Kubernetes knows TCP, UDP and SCTP only")
            }
        }
        return terms
    }

    /// The pairs of ends between which relations hold, a product for each combination of values that workloads have.
    private func related(_ subject: EndSet, _ peer: EndSet, _ relations: [Relation]) -> [(EndSet, EndSet)]? {
        var pairs = [(subject, peer)]
        for relation in relations {
            var next: [(EndSet, EndSet)] = []
            for (subject, peer) in pairs {
                switch relation {
                case .same(let keys):
                    guard !keys.isEmpty else {
                        let owned = table[.anyWorkload]
                        next.append((subject.intersection(owned), peer.intersection(owned)))
                        continue
                    }
                    for tuple in tuples(keys) where !tuple.contains(nil) {
                        let chosen = table[.selector(Self.selector(keys, tuple))]
                        next.append((subject.intersection(chosen), peer.intersection(chosen)))
                    }
                case .different(let keys):
                    guard !keys.isEmpty else { continue }
                    let owned = table[.anyWorkload]
                    for tuple in tuples(keys) {
                        let chosen = table[.selector(Self.selector(keys, tuple))]
                        let others = tuple.contains(nil) ? owned : owned.subtracting(chosen)
                        next.append((subject.intersection(chosen), peer.intersection(others)))
                    }
                case .samePrincipal: next.append((subject, peer))
                }
            }
            pairs = next.filter { !$0.0.members.isEmpty && !$0.1.members.isEmpty }
            guard pairs.count <= 512 else { return nil }
        }
        return pairs
    }

    /// The combinations of values that workloads have, ordered.
    private func tuples(_ keys: [LabelKey]) -> [[LabelValue?]] {
        let found = Set(loaded.workloads.map { workload in keys.map { workload.labels[$0] } })
        return found.sorted { a, b in
            let (a, b) = (a.map { $0?.description ?? "" }, b.map { $0?.description ?? "" })
            return a.lexicographicallyPrecedes(b)
        }
    }

    private static func selector(_ keys: [LabelKey], _ tuple: [LabelValue?]) -> Selector {
        let parts = zip(keys, tuple).map { key, value in value.map { Selector.equals(key, $0) } ?? .notExists(key) }
        return .joined(parts)
    }
}
