import Flows
public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// An observed edge with what both policies say to it.
public struct SimulatedEdge: Hashable, Sendable {
    /// The edge as it was observed.
    public let edge: ObservedEdge
    /// What the draft would do to it.
    public let effect: SimulatedEffect
    /// The verdict of the active policy, in the direction that was recorded.
    public let active: Verdict
    /// The verdict of the draft, in the direction that was recorded.
    public let draft: Verdict
    /// What the draft would do to the connections in the recorded direction; never `dependsOnDirection`.
    public let asRecorded: SimulatedEffect
    /// The number of connections by what the draft would do to them the other way round; empty for a certain direction.
    public let reversed: [SimulatedEffect: Int]

    /// Whether it would break, in one direction at least.
    public var mayBreak: Bool { asRecorded == .broken || reversed[.broken] != nil }
}

/// What a draft would change for traffic that was observed (semantics §7).
///
/// Every edge is judged under both policies at one instant. An edge without `hasCertainDirection` is judged both ways:
/// where both ways come to the same, direction does not matter; where they differ, the edge stands apart. What a policy
/// cannot decide stands apart too and never counts as broken.
public struct Simulation: Sendable {
    /// Edges, and their connections, by effect under policy verdicts.
    public private(set) var policy = EffectTally()
    /// Edges, and their connections, by effect under effective verdicts.
    public private(set) var effective = EffectTally()
    /// The view that the lists go by.
    public let view: VerdictView
    /// The edges that are changed or stand apart, by effect, then most connections, then key.
    public private(set) var edges: [SimulatedEdge] = []
    /// The number of edges that may break as things are enforced, and not by policy verdicts: what is enforced for the first
    /// time.
    public private(set) var brokenOnlyAsEnforced = 0
    /// The number of edges without a certain direction.
    public private(set) var uncertainDirections = 0

    /// Edges of one time, with both policies on the workloads of that time.
    public struct Part {
        /// What was observed.
        public var edges: [ObservedEdge]
        /// The active policy.
        public var active: PolicyEngine
        /// The draft.
        public var draft: PolicyEngine

        /// Makes a part.
        public init(edges: [ObservedEdge], active: PolicyEngine, draft: PolicyEngine) {
            self.edges = edges
            self.active = active
            self.draft = draft
        }
    }

    /// Judges edges under both policies.
    ///
    /// Cost: linear in edges, and in initiator ports of uncertain directions.
    public init(
        _ observed: some Sequence<ObservedEdge>, active: PolicyEngine, draft: PolicyEngine, at instant: Instant,
        view: VerdictView = .policy
    ) {
        self.init([Part(edges: Array(observed), active: active, draft: draft)], at: instant, view: view)
    }

    /// Judges the edges of several times, each with the workloads of its own.
    public init(_ parts: [Part], at instant: Instant, view: VerdictView = .policy) {
        self.init(view)
        for part in parts where !part.edges.isEmpty {
            var judges = JudgePair(part, at: instant)
            for edge in part.edges { add(judges.outcome(of: edge)) }
        }
        sort()
    }

    /// Begins a simulation of nothing.
    init(_ view: VerdictView) { self.view = view }

    /// Begins with the sums of another one, and lists nothing.
    init(sumsOf other: Self) {
        self = other
        edges = []
    }

    /// Counts an edge, and lists it where something happens to it.
    mutating func add(_ outcome: EdgeOutcome) {
        count(outcome)
        if let listed = listed(outcome) { edges.append(listed) }
    }

    /// What the lists say of an edge; nil when nothing happens to it.
    func listed(_ outcome: EdgeOutcome) -> SimulatedEdge? {
        let listed = view == .policy ? outcome.policy : outcome.effective
        return listed.effect.isUnchanged ? nil : listed
    }

    private mutating func count(_ outcome: EdgeOutcome) {
        let (edge, effects) = (outcome.policy.edge, outcome.effects)
        if !edge.hasCertainDirection { uncertainDirections += 1 }
        policy.add(effects.policy, connections: edge.connections)
        effective.add(effects.effective, connections: edge.connections)
        if effects.breaksOnlyAsEnforced { brokenOnlyAsEnforced += 1 }
    }

    /// Counts an edge otherwise than before; false where the sums are too large for that.
    mutating func recount(_ before: EdgeEffects, _ after: EdgeOutcome) -> Bool {
        let connections = after.policy.edge.connections
        guard policy.remove(before.policy, connections: connections),
            effective.remove(before.effective, connections: connections)
        else { return false }
        policy.add(after.policy.effect, connections: connections)
        effective.add(after.effective.effect, connections: connections)
        brokenOnlyAsEnforced += (after.effects.breaksOnlyAsEnforced ? 1 : 0) - (before.breaksOnlyAsEnforced ? 1 : 0)
        return true
    }

    mutating func sort() { edges.sort(by: Self.precedes) }

    /// Lists edges that are in order, and others.
    mutating func list(_ ordered: [SimulatedEdge], and others: [SimulatedEdge]) {
        edges.reserveCapacity(ordered.count + others.count)
        var rest = ordered[...]
        for edge in others.sorted(by: Self.precedes) {
            let place = rest.firstIndex { !Self.precedes($0, edge) } ?? rest.endIndex
            edges += rest[..<place]
            edges.append(edge)
            rest = rest[place...]
        }
        edges += rest
    }

    private static func precedes(_ a: SimulatedEdge, _ b: SimulatedEdge) -> Bool {
        if a.effect != b.effect { return a.effect < b.effect }
        if a.edge.connections != b.edge.connections { return a.edge.connections > b.edge.connections }
        return (a.edge.key, a.edge.firstSeen) < (b.edge.key, b.edge.firstSeen)
    }

    /// The listed edges of one effect.
    public func edges(_ effect: SimulatedEffect) -> [SimulatedEdge] { edges.filter { $0.effect == effect } }

    /// Whether something would break, in one direction at least where that is uncertain, by the verdicts of the lists or as
    /// things are enforced.
    public var breaksSomething: Bool { edges.contains(where: \.mayBreak) || brokenOnlyAsEnforced > 0 }
}

/// What happens to an edge under both views.
struct EdgeOutcome {
    let policy: SimulatedEdge
    let effective: SimulatedEdge

    var effects: EdgeEffects {
        EdgeEffects(
            policy: policy.effect, effective: effective.effect,
            breaksOnlyAsEnforced: effective.mayBreak && !policy.mayBreak)
    }
}

/// What sums take of an outcome.
struct EdgeEffects {
    let policy: SimulatedEffect
    let effective: SimulatedEffect
    let breaksOnlyAsEnforced: Bool
}

/// What both policies say to one flow.
private struct DecisionPair {
    let active: Decision
    let draft: Decision

    func effect(_ view: VerdictView) -> SimulatedEffect {
        SimulatedEffect(active: view.verdict(of: active).outcome, draft: view.verdict(of: draft).outcome)
    }
}

/// Judges edges under both policies.
struct JudgePair {
    private var active: EdgeJudge
    private var draft: EdgeJudge

    init(_ part: Simulation.Part, at instant: Instant) {
        active = EdgeJudge(part.active, at: instant)
        draft = EdgeJudge(part.draft, at: instant)
    }

    /// What happens to an edge, where the draft says `instead` to a flow of it if that says something.
    mutating func outcome(of edge: ObservedEdge, _ instead: (EdgeFlows.Asked) -> Decision? = { _ in nil })
        -> EdgeOutcome
    {
        let recorded = decide(edge, .recorded, instead)
        var reversals: [(pair: DecisionPair, connections: Int)] = []
        for (asked, connections) in edge.reversals { reversals.append((decide(edge, asked, instead), connections)) }
        return EdgeOutcome(
            policy: Self.judge(edge, recorded, reversals, .policy),
            effective: Self.judge(edge, recorded, reversals, .effective))
    }

    private mutating func decide(
        _ edge: ObservedEdge, _ asked: EdgeFlows.Asked, _ instead: (EdgeFlows.Asked) -> Decision?
    ) -> DecisionPair {
        let flow = edge.key.flow(asked)
        return DecisionPair(active: active.decide(flow), draft: instead(asked) ?? draft.decide(flow))
    }

    private static func judge(
        _ edge: ObservedEdge, _ recorded: DecisionPair, _ reversals: [(pair: DecisionPair, connections: Int)],
        _ view: VerdictView
    ) -> SimulatedEdge {
        let asRecorded = recorded.effect(view)
        var reversed: [SimulatedEffect: Int] = [:]
        var differs = false
        for (pair, connections) in reversals {
            let effect = pair.effect(view)
            reversed[effect, default: 0].addSaturating(connections)
            if effect != asRecorded, !(effect.isUnchanged && asRecorded.isUnchanged) { differs = true }
        }
        return SimulatedEdge(
            edge: edge, effect: differs ? .dependsOnDirection : asRecorded, active: view.verdict(of: recorded.active),
            draft: view.verdict(of: recorded.draft), asRecorded: asRecorded, reversed: reversed)
    }
}
