public import NetworkTypes
public import PolicyModel

/// A flow that something else would be said to.
public struct ChangedFlow: Hashable, Sendable {
    /// Its position among the flows.
    public let flow: Int
    /// What the policy says.
    public let before: Decision
    /// What it would say.
    public let after: Decision

    /// Makes a changed flow.
    public init(flow: Int, before: Decision, after: Decision) {
        self.flow = flow
        self.before = before
        self.after = after
    }
}

/// Flows with what a policy says to each, in an order in which a changed rule finds those that it may touch.
///
/// Flows are held in *cells*: a pair of policy classes, a protocol and a service. A changed rule can alter only what is
/// said to flows from its sources to its destinations over its services, and in one cell the same is said to all, unless
/// the change tells members of a class apart or asks for more than a class determines. All others are not looked at.
///
/// Cost: making it judges each flow once and sorts them; a change costs a walk over the pairs of classes that were seen, and
/// a decision for each touched cell.
public struct WhatIf<Flows: RandomAccessCollection & Sendable>: Sendable
where Flows.Element == Flow, Flows.Index == Int {
    /// What changes would do to the flows.
    public struct Effect: Sendable {
        /// The flows that something else would be said to, each once, in no particular order.
        public fileprivate(set) var changed: [ChangedFlow] = []
        /// How many decisions were made to find out.
        public fileprivate(set) var judged = 0
        /// Whether all flows were judged again, because the changes alter what the policy can tell apart.
        public fileprivate(set) var wasFull = false
    }

    /// The flows, as they were given.
    public let flows: Flows
    /// The instant that flows are judged at.
    public let instant: Instant
    private var engine: PolicyEngine
    private var cells: FlowCells
    /// The distinct decisions, by key.
    private let decisions: [Decision]
    /// The keys of the flows that are judged by themselves.
    private let singles: [Int: UInt32]
    private let classes: PolicyClasses
    /// The number of identities of each class.
    private let sizes: [Int]

    /// The number of pairs of class, class, protocol and service.
    public var cellCount: Int { cells.count }

    /// Judges flows under a policy; nil when the policy has more than `DecisionTable.maximumClasses` classes.
    ///
    /// - Precondition: fewer than 2³² flows.
    public init?(_ engine: PolicyEngine, at instant: Instant, flows: Flows) {
        precondition(flows.count < Int(UInt32.max), "fewer than 2³² flows")
        guard var table = DecisionTable(engine, at: instant) else { return nil }
        var places: [UInt64] = []
        places.reserveCapacity(flows.count)
        var keys = [UInt32](repeating: 0, count: flows.count)
        for (number, flow) in flows.enumerated() {
            let (source, destination, key) = table.place(flow)
            keys[number] = key
            let service = flow.icmp.map { UInt16($0.type) << 8 | UInt16($0.code) } ?? flow.destinationPort
            places.append(FlowCells.Place(source, destination, isSingle: key == 0, flow.proto, service).bits)
        }
        var cells = FlowCells(places)
        var singles: [Int: UInt32] = [:]
        for cell in 0..<cells.count {
            if cells.isSingle(cell) {
                for flow in cells.flows(ofCell: cell) {
                    singles[Int(flow)] = table.decide(flows[flows.startIndex + Int(flow)]).rawValue
                }
            } else if let first = cells.flows(ofCell: cell).first {
                cells.keys[cell] = keys[Int(first)]
            }
        }
        var sizes = [Int](repeating: 0, count: table.classCount)
        for identity in 0..<UInt32(engine.identities.capacity) where engine.identities.isUsed(identity) {
            sizes[Int(table.classes.classOfIdentity[Int(identity)])] += 1
        }
        self.flows = flows
        self.instant = instant
        self.engine = engine
        self.cells = cells
        self.singles = singles
        self.sizes = sizes
        decisions = table.decisions
        classes = table.classes
    }

    /// What the policy says to a flow of a cell.
    private func decision(_ cell: Int, _ flow: Int) -> Decision {
        let key = cells.isSingle(cell) ? singles[flow] ?? 0 : cells.keys[cell]
        return decisions[DecisionTable.Key(rawValue: key).number]
    }

    /// What the policy would say after some changes, made one after the other; they are not kept.
    public mutating func effect(of changes: [PolicyChange]) -> Effect {
        guard changes.count <= UInt64.bitWidth, engine.layers.allSatisfy(\.source.isStateful) else {
            return fullEffect(of: changes)
        }
        if engine.index == nil { engine.index = ExpressionIndex(engine.expressions) }
        var reaches: [RuleReach] = []
        var undo: [PolicyChange] = []
        func takeBack() { for change in undo.reversed() { _ = engine.tryOut(change, isBack: true) } }
        for change in changes {
            let count = engine.ruleCount
            switch change {
            case .removeRule(let rule, let layer, let tier):
                let reach = RuleReach(rule, engine, classes, sizes: sizes)
                _ = engine.tryOut(change)
                guard engine.ruleCount != count else { continue }
                undo.append(.addRule(rule, layer: layer, tier: tier))
                if let reach { reaches.append(reach) }
            case .addRule(let rule, let layer, let tier):
                guard engine.tryOut(change) else {
                    takeBack()
                    return fullEffect(of: changes)
                }
                guard engine.ruleCount != count else { continue }
                undo.append(.removeRule(rule, layer: layer, tier: tier))
                if let reach = RuleReach(rule, engine, classes, sizes: sizes) { reaches.append(reach) }
            case .upsert, .remove, .replace:
                takeBack()
                return fullEffect(of: changes)
            }
        }
        let effect = effect(of: reaches)
        takeBack()
        return effect
    }

    /// Judges what some rules can match, under the changed engine.
    private func effect(of reaches: [RuleReach]) -> Effect {
        var effect = Effect()
        // For each class, a bit for each rule.
        var (from, to) = (sizes.map { _ in UInt64(0) }, sizes.map { _ in UInt64(0) })
        for (number, reach) in reaches.enumerated() {
            for place in sizes.indices {
                if reach.sources[place] != .none { from[place] |= 1 << UInt64(number) }
                if reach.destinations[place] != .none { to[place] |= 1 << UInt64(number) }
            }
        }
        for (number, pair) in cells.pairs.enumerated() {
            let (source, destination) = (UInt16(pair >> 13), UInt16(pair & 0x1FFF))
            let met = from[Int(source)] & to[Int(destination)]
            guard met != 0 else { continue }
            let mine = reaches.indices.filter {
                met >> UInt64($0) & 1 == 1 && reaches[$0].mayRelate(source, destination, engine, classes)
            }
            if mine.isEmpty { continue }
            for cell in cells.cells(ofPair: number) {
                let isSingle = cells.isSingle(cell)
                let touching = mine.filter {
                    reaches[$0].mayCover(cells.proto(cell), cells.service(cell), isSingle: isSingle)
                }
                if touching.isEmpty { continue }
                let isWhole = touching.allSatisfy { reaches[$0].holdsForAll(source, destination) }
                judge(cell, asOne: isWhole && !isSingle, &effect)
            }
        }
        return effect
    }

    private func judge(_ cell: Int, asOne: Bool, _ effect: inout Effect) {
        let members = cells.flows(ofCell: cell)
        guard asOne, let first = members.first else {
            for flow in members {
                effect.judged += 1
                note(Int(flow), decision(cell, Int(flow)), decide(Int(flow)), &effect)
            }
            return
        }
        effect.judged += 1
        let (before, after) = (decision(cell, Int(first)), decide(Int(first)))
        if before == after { return }
        for flow in members { note(Int(flow), before, after, &effect) }
    }

    private func decide(_ flow: Int) -> Decision { engine.decide(flows[flows.startIndex + flow], at: instant) }

    private func note(_ flow: Int, _ before: Decision, _ after: Decision, _ effect: inout Effect) {
        if before == after { return }
        effect.changed.append(ChangedFlow(flow: flows.startIndex + flow, before: before, after: after))
    }

    /// Judges all flows anew.
    private func fullEffect(of changes: [PolicyChange]) -> Effect {
        var changed = engine
        for change in changes { changed.apply(change) }
        var table = DecisionTable(changed, at: instant)
        var effect = Effect(judged: flows.count, wasFull: true)
        for cell in 0..<cells.count {
            for flow in cells.flows(ofCell: cell) {
                let flow = Int(flow)
                let key = table?.decide(flows[flows.startIndex + flow])
                let after =
                    key.flatMap { table?.decision($0) } ?? changed.decide(flows[flows.startIndex + flow], at: instant)
                note(flow, decision(cell, flow), after, &effect)
            }
        }
        return effect
    }
}
