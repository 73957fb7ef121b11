import NetworkTypes
import PolicyEngine
import PolicyModel

/// Makes the rows of a `ReachTable`.
struct ReachBuilder: Sendable {
    /// A rule of the subject that its own end and the instant do not rule out.
    struct Candidate: Hashable, Sendable {
        let rule: UInt32
        /// Whether it is asked about the reply of a stateless layer.
        let isReply: Bool
    }

    /// What a row depends on.
    struct Plan: Sendable {
        /// One class of the group.
        let subject: UInt32
        let direction: Direction
        /// The number of the state of its layers.
        let state: UInt32
        /// In order of precedence, forward ones first.
        let candidates: [Candidate]
    }

    /// The classes that fulfil a predicate: most with exceptions, or few.
    private struct Members: Sendable {
        let isUsual: Bool
        let exceptions: [UInt32]
    }

    let engine: PolicyEngine
    let view: VerdictView
    let classes: IdentityClasses
    let facts: RuleFacts
    let atoms: TrafficAtoms
    let states: LayerStates
    var memo: ReachMemo
    /// For each side, the plan of each row of classes that are not joint.
    private(set) var plans: [Direction: [Plan]] = [:]
    /// For each predicate without relations, the classes that fulfil it, once asked.
    private var fulfilling: [Members?]
    /// The predicates of the plan whose peers were split last, and the place of each among them; -1 for others.
    private var asked: [Int] = []
    private var placeOf: [Int]
    private var shapeOfRule: [[UInt32]]
    /// For packets and for replies: the number of the mask of each list of terms without names, once asked.
    private var maskOfList: [[Int?]]
    private var shapeOfNamed: [[UInt32]: UInt32] = [:]
    private(set) var cells: PeerCells
    /// The classes of each table of named ports but the empty one.
    private var classesOfTable: [(table: UInt32, classes: [UInt32])] = []

    init(_ engine: PolicyEngine, at instant: Instant, view: VerdictView) {
        self.engine = engine
        self.view = view
        classes = IdentityClasses(engine)
        facts = RuleFacts(engine, at: instant)
        atoms = TrafficAtoms(
            facts.lists, tables: engine.vocabulary.portTableList,
            hasReplies: engine.layers.contains { !$0.source.isStateful })
        states = LayerStates(engine, view)
        memo = ReachMemo(LayerSweep(engine, everything: atoms.everything))
        shapeOfRule = Array(repeating: Array(repeating: .max, count: facts.facts.count), count: 2)
        fulfilling = Array(repeating: nil, count: facts.predicates.count)
        placeOf = Array(repeating: -1, count: facts.predicates.count)
        maskOfList = Array(repeating: Array(repeating: nil, count: facts.lists.count), count: 2)
        cells = PeerCells(classCount: classes.representatives.count)
        var byTable: [UInt32: [UInt32]] = [:]
        for (number, identity) in classes.representatives.enumerated() {
            let table = engine.column(Vocabulary.Column.ports, identity)
            if table != 0 { byTable[table, default: []].append(UInt32(number)) }
        }
        classesOfTable = byTable.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: Rows

    /// The rows of one direction; plain classes first, then the joint ones.
    mutating func side(_ direction: Direction) -> ReachTable.Side {
        var side = ReachTable.Side()
        var groups = ListTable()
        var key: [UInt32] = []
        for (number, identity) in classes.representatives.enumerated() {
            let plan = plan(UInt32(number), direction)
            key.removeAll(keepingCapacity: true)
            key.append(plan.state)
            var hasRelations = facts.layerPredicates.contains { $0 != nil }
            var asksOwnTable = false
            for candidate in plan.candidates {
                key.append(candidate.rule << 1 | (candidate.isReply ? 1 : 0))
                guard let fact = facts.facts[Int(candidate.rule)] else { continue }
                if facts.predicates[fact.predicate].relations != 0 { hasRelations = true }
                if fact.isNamed { asksOwnTable = true }
            }
            key.append(.max)
            key.append(asksOwnTable ? engine.column(Vocabulary.Column.ports, identity) : 0)
            // Relations go by the subject's labels, so such classes have rows of their own.
            key.append(hasRelations ? UInt32(number) : .max)
            let (group, isNew) = groups.number(of: key)
            if isNew {
                side.rows.append(row(plan))
                plans[direction, default: []].append(plan)
            }
            side.rowOfClass.append(UInt32(group))
        }
        for parts in classes.joint {
            side.rowOfClass.append(UInt32(side.rows.count))
            side.rows.append(joined(parts.map { side.rows[Int(side.rowOfClass[Int($0)])] }))
        }
        return side
    }

    /// What the row of a class that is not joint depends on.
    mutating func plan(_ subject: UInt32, _ direction: Direction) -> Plan {
        let identity = classes.representatives[Int(subject)]
        let state = states.state(engine, identity, direction)
        let offsets = memo.sweep.offsets
        let rules = engine.identityRules[Int(identity)]
        var candidates: [Candidate] = []
        for isReply in [false, true] {
            if isReply, engine.layers.allSatisfy(\.source.isStateful) { break }
            for rule in rules[isReply ? direction.opposite : direction] {
                guard let fact = facts.facts[Int(rule)], state[offsets[fact.layer]] != LayerStates.absent,
                    !isReply || !engine.layers[fact.layer].source.isStateful
                else { continue }
                candidates.append(Candidate(rule: rule, isReply: isReply))
            }
        }
        return Plan(
            subject: subject, direction: direction, state: UInt32(memo.states.number(of: state).number),
            candidates: candidates)
    }

    private mutating func row(_ plan: Plan) -> ReachTable.Row {
        split(plan)
        var judged = [UInt32?](repeating: nil, count: cells.cells.count)
        let usual = judge(plan, cells.cells[0])
        judged[0] = usual
        var exceptions: [(peer: UInt32, traffic: UInt32)] = []
        for peer in cells.touched {
            let cell = cells.cell(of: peer)
            let traffic = judged[cell] ?? judge(plan, cells.cells[cell])
            judged[cell] = traffic
            if traffic != usual { exceptions.append((peer, traffic)) }
        }
        for index in classes.joint.indices {
            let peer = UInt32(classes.representatives.count + index)
            let traffic = memo.judge(pairKey(plan, peer: peer).key)
            if traffic != usual { exceptions.append((peer, traffic)) }
        }
        return ReachTable.Row(usual: usual, exceptions: exceptions)
    }

    /// What several owners of one address let pass together.
    private mutating func joined(_ rows: [ReachTable.Row]) -> ReachTable.Row {
        func both(_ numbers: [UInt32], _ memo: inout ReachMemo) -> UInt32 {
            var result = memo.traffic[Int(numbers[0])]
            for number in numbers.dropFirst() { result = result.intersection(memo.traffic[Int(number)]) }
            return memo.number(result)
        }
        let usual = both(rows.map(\.usual), &memo)
        var special: [UInt32: [UInt32]] = [:]
        for (index, row) in rows.enumerated() {
            for exception in row.exceptions {
                special[exception.peer, default: rows.map(\.usual)][index] = exception.traffic
            }
        }
        var exceptions: [(peer: UInt32, traffic: UInt32)] = []
        for (peer, numbers) in special.sorted(by: { $0.key < $1.key }) {
            exceptions.append((peer, both(numbers, &memo)))
        }
        return ReachTable.Row(usual: usual, exceptions: exceptions)
    }

    // MARK: Cells

    /// Gives each predicate of a plan a place: those of layers first, by layer, then those of rules.
    private mutating func placePredicates(_ plan: Plan) {
        for predicate in asked { placeOf[predicate] = -1 }
        asked.removeAll(keepingCapacity: true)
        func add(_ predicate: Int) {
            guard placeOf[predicate] < 0 else { return }
            placeOf[predicate] = asked.count
            asked.append(predicate)
        }
        for case let predicate? in facts.layerPredicates { add(predicate) }
        for candidate in plan.candidates {
            if let fact = facts.facts[Int(candidate.rule)] { add(fact.predicate) }
        }
    }

    /// Splits the peers by everything that the candidates and layers ask of them.
    mutating func split(_ plan: Plan) {
        placePredicates(plan)
        let members = asked.map { fulfilling($0, plan.subject) }
        cells.begin(members.map(\.isUsual))
        for (place, members) in members.enumerated() where !members.exceptions.isEmpty {
            cells.split(members.exceptions) { $0.answers[place] = !members.isUsual }
        }
        let asksPeerTable = plan.candidates.contains { candidate in
            facts.facts[Int(candidate.rule)]?.isNamed == true && (plan.direction == .egress) != candidate.isReply
        }
        if asksPeerTable {
            for (table, peers) in classesOfTable { cells.split(peers) { $0.table = table } }
        }
    }

    /// The classes, joint ones left out, that fulfil a predicate beside a subject.
    private mutating func fulfilling(_ number: Int, _ subject: UInt32) -> Members {
        let predicate = facts.predicates[number]
        if predicate.relations == 0, let known = fulfilling[number] { return known }
        let count = classes.representatives.count
        var list =
            predicate.peer < 0
            ? Array(0..<UInt32(count)) : classes.classes(engine.expressions[predicate.peer].members)
        if predicate.relations != 0 {
            let own = classes.representatives[Int(subject)]
            list.removeAll { !related(predicate.relations, own, classes.representatives[Int($0)]) }
        }
        if predicate.far != .nothing {
            list.removeAll { !fits(predicate, [classes.representatives[Int($0)]]) }
        }
        let isUsual = list.count * 2 > count
        let members = Members(isUsual: isUsual, exceptions: isUsual ? Self.others(list, count) : list)
        if predicate.relations == 0 { fulfilling[number] = members }
        return members
    }

    private static func others(_ peers: [UInt32], _ count: Int) -> [UInt32] {
        var result: [UInt32] = []
        var next = 0
        for peer in 0..<UInt32(count) {
            if next < peers.count, peers[next] == peer { next += 1 } else { result.append(peer) }
        }
        return result
    }

    /// Whether the label relations of a list hold between the subject and one owner of the peer.
    func related(_ list: Int, _ subject: UInt32, _ peer: UInt32) -> Bool {
        facts.relations[list].allSatisfy { engine.holdsByLabels($0, subject, peer) }
    }

    /// Whether the peer's agents are as a rule asks for the sake of processes and principals there.
    func fits(_ predicate: RuleFacts.Predicate, _ peers: [UInt32]) -> Bool {
        guard predicate.far != .nothing else { return true }
        let enforces = peers.allSatisfy { peer in
            engine.column(Vocabulary.Column.owned, peer) == 1
                && AgentColumn.enforcesAttributes(engine.column(Vocabulary.Column.agent, peer))
                && engine.mode(of: peer, engine.layers[predicate.layer], view)?.enforces ?? false
        }
        return enforces == (predicate.far == .enforces)
    }

    // MARK: Judging

    private mutating func judge(_ plan: Plan, _ cell: PeerCells.Cell) -> UInt32 {
        memo.judge(key(plan, cell).key)
    }

    /// What the judgement of a plan's subject depends on for the peers of a cell; the plan is the one split last.
    mutating func key(_ plan: Plan, _ cell: PeerCells.Cell) -> PairKey {
        var key = [plan.state]
        for (layer, predicate) in facts.layerPredicates.enumerated() {
            let holds = predicate.map { cell.answers[placeOf[$0]] } ?? true
            key.append(presence(layer, holds).rawValue)
        }
        var rules: [UInt32] = []
        let own = engine.column(Vocabulary.Column.ports, classes.representatives[Int(plan.subject)])
        for candidate in plan.candidates {
            guard let fact = facts.facts[Int(candidate.rule)], cell.answers[placeOf[fact.predicate]] else { continue }
            let isPeerTheDestination = (plan.direction == .egress) != candidate.isReply
            key.append(shape(candidate, fact, table: isPeerTheDestination ? cell.table : own))
            rules.append(candidate.rule)
        }
        return PairKey(key: key, rules: rules)
    }

    func presence(_ layer: Int, _ holds: Bool) -> LayerSweep.Presence {
        guard holds else { return .absent }
        return engine.layers[layer].source.appliesWhen.contains(.samePrincipal) ? .optional : .present
    }

    /// The shape of a rule towards destinations with one table of named ports.
    private mutating func shape(_ candidate: Candidate, _ fact: RuleFacts.Fact, table: UInt32) -> UInt32 {
        let side = candidate.isReply ? 1 : 0
        if !fact.isNamed, shapeOfRule[side][Int(candidate.rule)] != .max {
            return shapeOfRule[side][Int(candidate.rule)]
        }
        let key = [candidate.rule, UInt32(side), table]
        if fact.isNamed, let known = shapeOfNamed[key] { return known }
        let made = memo.number(shape(fact, candidate.isReply, maskNumber(fact, table, candidate.isReply)))
        if fact.isNamed { shapeOfNamed[key] = made } else { shapeOfRule[side][Int(candidate.rule)] = made }
        return made
    }

    func shape(_ fact: RuleFacts.Fact, _ isReply: Bool, _ mask: Int) -> RuleShape {
        RuleShape(
            layer: fact.layer, tier: fact.tier, action: fact.action, passTo: fact.passTo, isCertain: fact.isCertain,
            isReply: isReply, mask: mask)
    }

    private mutating func maskNumber(_ fact: RuleFacts.Fact, _ table: UInt32, _ isReply: Bool) -> Int {
        let side = isReply ? 1 : 0
        if !fact.isNamed, let known = maskOfList[side][fact.list] { return known }
        let made = memo.number(mask(fact, table, isReply))
        if !fact.isNamed { maskOfList[side][fact.list] = made }
        return made
    }

    func mask(_ fact: RuleFacts.Fact, _ table: UInt32, _ isReply: Bool) -> AtomMask {
        atoms.mask(facts.lists[fact.list], table: engine.vocabulary.portTableList[Int(table)], isReply: isReply)
    }
}
