import PolicyEngine
import PolicyModel

/// Watches every distinct judgement of a connectivity and notes what each rule does there.
struct RuleTrace {
    /// What was seen of one written rule.
    struct Record {
        /// In how many judgements one of its flat rules covers something.
        var covering = 0
        /// Whether something reaches it, whatever uncertain rules turn out to be.
        var isReached = false
        /// Where something reaches it first.
        var example: Example?
        /// An uncertain rule without which it would be reached for sure.
        var doubt: RuleID?
        /// Certain rules that take some of what it covers.
        var takers: Set<Int> = []
        /// For rules of the other action: in how many judgements they take some, and all, of what it covers.
        var contraries: [Int: (some: Int, all: Int)] = [:]
        /// Judgements that would differ without it.
        var changes: [Change] = []
        /// Whether some judgement may or may not differ without it.
        var isOpen = false
    }

    /// A pair of ends with traffic.
    struct Example {
        let source: End
        let destination: End
        let traffic: AtomMask
    }

    /// A judgement that would differ without a rule.
    struct Change {
        let direction: Direction
        let row: Int
        let peers: [UInt32]
        let now: UInt32
        let without: UInt32
    }

    let connectivity: Connectivity
    var builder: ReachBuilder
    /// The written rules in force, by name.
    let names: [RuleID]
    /// For each flat rule, the place of its name; -1 where there is none.
    let nameOf: [Int]
    private(set) var records: [Record]
    /// Whether a rule is looked at.
    private let isAsked: [Bool]
    let reachable: PairFinder

    init(_ connectivity: Connectivity, only: Set<RuleID>? = nil) {
        self.connectivity = connectivity
        builder = connectivity.builder
        reachable = PairFinder(connectivity)
        let engine = connectivity.engine
        let flat = builder.facts.facts.enumerated().map { $1 == nil ? nil : engine.rules[$0]?.source.id }
        names = Set(flat.compactMap(\.self)).sorted()
        var places: [RuleID: Int] = [:]
        for (place, name) in names.enumerated() { places[name] = place }
        nameOf = flat.map { $0.flatMap { places[$0] } ?? -1 }
        isAsked = names.map { only?.contains($0) ?? true }
        records = Array(repeating: Record(), count: names.count)
        for direction in Direction.allCases {
            for row in (builder.plans[direction] ?? []).indices { trace(direction, row) }
        }
    }

    private mutating func trace(_ direction: Direction, _ row: Int) {
        guard let plan = builder.plans[direction]?[row],
            plan.candidates.contains(where: { isAsked[nameOf[Int($0.rule)]] })
        else { return }
        builder.split(plan)
        var peers = [[UInt32]](repeating: [], count: builder.cells.cells.count)
        for peer in 0..<UInt32(builder.classes.representatives.count) {
            peers[builder.cells.cell(of: peer)].append(peer)
        }
        let cells = builder.cells.cells
        for (cell, peers) in zip(cells, peers) where !peers.isEmpty {
            let key = builder.key(plan, cell)
            trace(key, direction, row, peers)
        }
        for index in builder.classes.joint.indices {
            let peer = UInt32(builder.classes.representatives.count + index)
            let key = builder.pairKey(plan, peer: peer)
            trace(key, direction, row, [peer])
        }
    }

    /// One judgement, for the pairs of a row's subjects with these peers.
    private mutating func trace(_ key: PairKey, _ direction: Direction, _ row: Int, _ peers: [UInt32]) {
        guard key.rules.contains(where: { isAsked[nameOf[Int($0)]] }),
            let (source, destination) = reachable.pair(direction, row, peers)
        else { return }
        var hits = [AtomMask?](repeating: nil, count: key.rules.count)
        _ = builder.memo.trace(key.key) { hits[$0.rule] = $0.hit }
        let head = key.key.count - key.rules.count
        let shapes = key.key[head...].map { builder.memo.shapes[Int($0)] }
        var reached: Set<Int> = []
        for (place, shape) in shapes.enumerated() {
            let name = nameOf[Int(key.rules[place])]
            let covered = builder.memo.masks[shape.mask]
            guard isAsked[name], let hit = hits[place], !covered.isEmpty else { continue }
            records[name].covering += 1
            if !hit.isEmpty {
                reached.insert(name)
                let example = Example(source: source, destination: destination, traffic: hit)
                note(name, example, before: place, shapes, hits, key)
            }
            if hit != covered { noteTakers(of: place, covered, shapes, hits, key) }
        }
        for name in reached.sorted() { noteChange(name, key, direction, row, peers) }
    }

    private mutating func note(
        _ name: Int, _ example: Example, before place: Int, _ shapes: [RuleShape], _ hits: [AtomMask?], _ key: PairKey
    ) {
        if records[name].isReached { return }
        var sure = example.traffic
        var doubt: RuleID?
        for other in 0..<place where shapes[other].stands(with: shapes[place]) && !shapes[other].isCertain {
            guard let taken = hits[other], taken.meets(sure) else { continue }
            sure.subtract(taken)
            doubt = doubt ?? names[nameOf[Int(key.rules[other])]]
        }
        if sure.isEmpty {
            records[name].doubt = records[name].doubt ?? doubt
        } else {
            records[name].isReached = true
            records[name].example = Example(source: example.source, destination: example.destination, traffic: sure)
        }
    }

    private mutating func noteTakers(
        of place: Int, _ covered: AtomMask, _ shapes: [RuleShape], _ hits: [AtomMask?], _ key: PairKey
    ) {
        let name = nameOf[Int(key.rules[place])]
        for other in 0..<place where shapes[other].stands(with: shapes[place]) {
            let taker = nameOf[Int(key.rules[other])]
            guard taker != name, let taken = hits[other], taken.meets(covered) else { continue }
            if shapes[other].isCertain { records[name].takers.insert(taker) }
            let pair = (shapes[other].action, shapes[place].action)
            if pair == (.allow, .deny) || pair == (.deny, .allow) {
                records[name].contraries[taker, default: (0, 0)].some += 1
                if covered.isSubset(of: taken) { records[name].contraries[taker, default: (0, 0)].all += 1 }
            }
        }
    }

    /// Judges again without a rule.
    private mutating func noteChange(
        _ name: Int, _ key: PairKey, _ direction: Direction, _ row: Int, _ peers: [UInt32]
    ) {
        let nameOf = nameOf
        let now = builder.memo.judge(key.key)
        let without = builder.memo.judge(key.without { nameOf[Int($0)] == name })
        if now != without {
            records[name].changes.append(
                Change(direction: direction, row: row, peers: peers, now: now, without: without))
        } else if !records[name].isOpen {
            records[name].isOpen = isOpen(name, key, direction)
        }
    }

    /// Whether an equal judgement could differ once uncertain rules are settled.
    private mutating func isOpen(_ name: Int, _ key: PairKey, _ direction: Direction) -> Bool {
        let pair = OpenPair(key, at: direction, builder, side: 0)
        if pair.cases.isEmpty { return false }
        if pair.cases.count > OpenPair.mostCases { return true }
        let nameOf = nameOf
        for settled in OpenPair.settlements(pair.cases) {
            let with = pair.judged(&builder, side: 0, settled)
            let without = pair.judged(&builder, side: 0, settled) { nameOf[Int($0)] == name }
            if with != without { return true }
        }
        return false
    }
}

extension RuleShape {
    /// Whether both are asked about the same packet in the same layer.
    func stands(with other: RuleShape) -> Bool { layer == other.layer && isReply == other.isReply }
}

/// Finds pairs of ends for rows and peers.
struct PairFinder {
    private let ends: [End]
    /// For each class, the ends that it judges for as an owner, and those that are it as a peer.
    private var asSubject: [[Int]]
    private var asPeer: [[Int]]
    /// For each direction and row, its classes.
    private(set) var classesOfRow: [Direction: [[UInt32]]] = [:]

    init(_ connectivity: Connectivity) {
        ends = connectivity.ends
        let classes = connectivity.reach.classes
        asPeer = Array(repeating: [], count: classes.count)
        for end in connectivity.ends { asPeer[Int(end.classNumber)].append(end.number) }
        asSubject = asPeer
        for (index, parts) in classes.joint.enumerated() {
            for part in parts { asSubject[Int(part)] += asPeer[classes.representatives.count + index] }
        }
        for (direction, side) in [
            (Direction.egress, connectivity.reach.egress), (.ingress, connectivity.reach.ingress),
        ] {
            var rows = [[UInt32]](repeating: [], count: side.rows.count)
            for number in classes.representatives.indices { rows[Int(side.rowOfClass[number])].append(UInt32(number)) }
            classesOfRow[direction] = rows
        }
    }

    /// A pair that answers are about, of a subject of a row with one of the peers.
    func pair(_ direction: Direction, _ row: Int, _ peers: [UInt32]) -> (source: End, destination: End)? {
        for subject in classesOfRow[direction]?[row] ?? [] {
            for mine in asSubject[Int(subject)] {
                for peer in peers {
                    for theirs in asPeer[Int(peer)] {
                        let (one, other) = (ends[mine], ends[theirs])
                        if Connectivity.isListed(one, other, .everything) {
                            return direction == .egress ? (one, other) : (other, one)
                        }
                    }
                }
            }
        }
        return nil
    }

    /// The classes of the ends that a row's subjects judge for.
    func subjectClasses(_ direction: Direction, _ row: Int) -> [UInt32] {
        let own = (classesOfRow[direction]?[row] ?? []).flatMap { asSubject[Int($0)].map { ends[$0].classNumber } }
        return Set(own).sorted()
    }

    /// Whether answers are about some pair of ends of two classes.
    func isListed(_ source: UInt32, _ destination: UInt32) -> Bool {
        asPeer[Int(source)].contains { mine in
            asPeer[Int(destination)].contains { Connectivity.isListed(ends[mine], ends[$0], .everything) }
        }
    }
}
