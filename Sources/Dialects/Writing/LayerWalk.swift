import PolicyModel

/// What one layer lets through in one direction, as rules: permissions are a union, denials win over all of them.
struct LayerWalk {
    /// The flows that the layer allows, but for `denials`; flows whose subject it does not stand at are among them.
    private(set) var permissions: [FlowBox] = []
    /// The flows that a rule of the layer denies.
    private(set) var denials: [FlowBox] = []

    private let ends: EndTable
    private let direction: Direction
    /// What the tiers so far neither decided for somebody they isolate nor passed over.
    private var reach: [FlowBox] = []
    /// Flows that rules of earlier tiers, or earlier rules of this one, allow.
    private var accepted: [FlowBox] = []

    /// Finds words for the destinations of named ports; nil where those are carried along.
    private var namer: EndNamer?

    /// Walks the tiers of a layer in their order.
    ///
    /// - Parameter namer: Given, it replaces named ports by what they stand for.
    init(
        _ layer: Layer, _ direction: Direction, _ ends: EndTable, numbering namer: EndNamer? = nil
    ) throws(NotSymbolic) {
        self.ends = ends
        self.namer = namer
        self.direction = direction
        guard layer.isStateful else { throw NotSymbolic(reason: "the layer `\(layer.id)` is stateless") }
        guard layer.appliesWhen.isEmpty else {
            throw NotSymbolic(reason: "the layer `\(layer.id)` stands between some ends only")
        }
        try walk(layer)
    }

    private mutating func walk(_ layer: Layer) throws(NotSymbolic) {
        var standsAt = ends[layer.appliesTo]
        if layer.enforcer == .agent { standsAt = standsAt.intersection(ends[.anyWorkload]) }
        reach = [box(standsAt)]
        var isolated: [EndSet] = []
        for (number, tier) in layer.tiers.enumerated() {
            let next = number + 1 < layer.tiers.count ? layer.tiers[number + 1].id : nil
            let passes = try ask(tier, next: next)
            guard tier.onNoMatch != .next else { continue }
            let selected = tier.selections.map { list in
                list.filter { $0.direction == direction }.map { ends[$0.subject] }
            }
            isolated += selected ?? [ends[.any]]
            try isolate(selected.map(ends.union) ?? ends[.any], tier.onNoMatch, passes)
        }
        let others = ends[.any].subtracting(standsAt)
        guard layer.fullDefault == .allow else {
            add([box(others)])
            return
        }
        // Whom nobody isolates, and whom the layer does not stand at, are one rule of default.
        let whole = reach.filter { $0.origins.isEmpty && $0.services == .set(.all) && peer($0).expression == .any }
        add(reach.filter { !whole.contains($0) })
        let free = ends.union(whole.map(subject) + [others])
        var plain = ends[.any]
        if !isolated.isEmpty {
            let parts = ends.needed(isolated)
            plain = plain.subtracting(ends.union(parts))
            plain.holes = parts
        }
        add([box(plain.members == free.members ? plain : free)])
    }

    /// Asks the rules of a tier; returns what they pass to the next.
    private mutating func ask(_ tier: Tier, next: TierID?) throws(NotSymbolic) -> [FlowBox] {
        var passes: [FlowBox] = []
        for rule in tier.rules.filter({ $0.direction == direction }).sorted(by: Self.precedes) {
            for piece in try FlowBoxes.intersection(boxes(rule), reach) {
                switch rule.action {
                case .allow:
                    let rest = try FlowBoxes.subtracting(passes, from: piece)
                    add(rest)
                    accepted += rest
                case .deny:
                    denials += try FlowBoxes.subtracting(accepted + passes, from: piece)
                case .pass(let name):
                    guard name == nil || name == next else {
                        throw NotSymbolic(reason: "the rule `\(rule.id)` passes over a tier")
                    }
                    passes.append(piece)
                }
            }
        }
        return passes
    }

    /// Ends the layer for some subjects, but for what the tier passed.
    private mutating func isolate(
        _ held: EndSet, _ action: Tier.Default, _ passes: [FlowBox]
    ) throws(NotSymbolic) {
        let whole = box(held)
        var next: [FlowBox] = []
        for piece in reach {
            next += try piece.subtracting(whole)
            guard action == .allow, !subject(piece).members.isDisjoint(with: held.members) else { continue }
            let rest = try FlowBoxes.subtracting(passes, from: try piece.intersection(whole))
            add(rest)
            accepted += rest
        }
        reach = next + (try FlowBoxes.intersection(passes, [whole]))
    }

    private mutating func add(_ boxes: [FlowBox]) { permissions += boxes.filter { !$0.isEmpty } }

    private func subject(_ box: FlowBox) -> EndSet { direction == .egress ? box.from : box.to }
    private func peer(_ box: FlowBox) -> EndSet { direction == .egress ? box.to : box.from }

    /// All flows of a subject.
    private func box(_ subject: EndSet) -> FlowBox {
        let any = ends[.any]
        return FlowBox(
            from: direction == .egress ? subject : any, to: direction == .egress ? any : subject, relations: [],
            services: .set(.all), origins: [])
    }

    private mutating func boxes(_ rule: FlatRule) -> [FlowBox] {
        let (subject, peer) = (ends[rule.subject], ends[rule.peer])
        let box = FlowBox(
            from: direction == .egress ? subject : peer, to: direction == .egress ? peer : subject,
            relations: rule.relations, services: TrafficServices(rule.services), origins: [rule.id])
        guard var names = namer else { return [box] }
        defer { namer = names }
        return ends.numbered(box, &names)
    }

    private static func precedes(_ a: FlatRule, _ b: FlatRule) -> Bool {
        if a.rank != b.rank { return a.rank < b.rank }
        if a.action.order != b.action.order { return a.action.order < b.action.order }
        return a.id < b.id
    }
}

extension RuleAction {
    /// Deny before allow before pass, at equal rank.
    fileprivate var order: Int {
        switch self {
        case .deny: 0
        case .allow: 1
        case .pass: 2
        }
    }
}

/// Whom each expression of a policy holds for, computed once.
struct EndTable {
    let universe: EndUniverse
    private let known: [EndExpression: EndSet]

    /// The expressions of the policy in an order that depends on them alone.
    var expressions: [EndExpression] {
        known.keys.map { ($0, String(describing: $0)) }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// Makes the table of the policy's expressions.
    init(_ universe: EndUniverse, _ expressions: Set<EndExpression>) {
        self.universe = universe
        var known: [EndExpression: EndSet] = [:]
        for expression in expressions {
            known[expression] = EndSet(expression: expression, members: universe.members(of: expression))
        }
        self.known = known
    }

    subscript(expression: EndExpression) -> EndSet {
        known[expression] ?? EndSet(expression: expression, members: universe.members(of: expression))
    }

    /// The sets that are not empty and that no other covers; of equals the first.
    func needed(_ sets: [EndSet]) -> [EndSet] {
        sets.enumerated().filter { number, set in
            !set.members.isEmpty
                && !sets.enumerated().contains { place, other in
                    place != number && set.members.isSubset(of: other.members)
                        && (set.members != other.members || place < number)
                }
        }.map(\.element)
    }

    /// What at least one holds for; what others cover is not written.
    func union(_ sets: [EndSet]) -> EndSet {
        let kept = needed(sets)
        if kept.count == 1, let only = kept.first { return only }
        let members = kept.reduce(MemberSet(count: universe.members.count)) { $0.union($1.members) }
        return EndSet(expression: .union(kept.map(\.expression)), members: members)
    }
}
