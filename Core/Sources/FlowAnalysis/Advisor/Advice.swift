import Flows
public import NetworkTypes
import PolicyEngine
public import PolicyModel

/// How narrow the advisor's rules are.
public enum Tightness: String, Hashable, Sendable, CaseIterable {
    /// Applications apart: every service between those that talk.
    case app
    /// Tiers apart: every service between those that talk.
    case tier
    /// Tiers apart, and only the services that were seen.
    case port
}

/// What the advisor is asked.
public struct AdviceQuestion: Sendable {
    /// How narrow rules are.
    public var tightness: Tightness
    /// The labels that tell groups apart, from wide to narrow.
    public var dimensions: [LabelKey]
    /// The dimension that tells tiers apart, which `Tightness.app` leaves out.
    public var tier: LabelKey?
    /// Who answers for the rules.
    public var owner: String
    /// When somebody must look at the rules again.
    public var review: Instant?
    /// How long a full business cycle takes, in days.
    public var cycle: Int

    /// A month with its end, when accounts are closed.
    public static let usualCycle = 31

    /// Asks.
    public init(
        tightness: Tightness = .port, dimensions: [LabelKey], tier: LabelKey? = nil, owner: String,
        review: Instant? = nil, cycle: Int = usualCycle
    ) {
        self.tightness = tightness
        self.dimensions = dimensions
        self.tier = tier
        self.owner = owner
        self.review = review
        self.cycle = cycle
    }

    /// What tells the ends of rules apart; those that everybody may ask are named as narrowly as can be.
    var grouping: [LabelKey] { tightness == .app ? dimensions.filter { $0 != tier } : dimensions }
}

/// What a rule rests on.
public struct Evidence: Hashable, Sendable {
    /// The number of edges.
    public internal(set) var edges = 0
    /// The number of connections.
    public internal(set) var connections = 0
    /// The start of the first.
    public internal(set) var firstSeen: Instant?
    /// The last packet.
    public internal(set) var lastSeen: Instant?
    /// The edges with most connections, at most `exampleCount`.
    public internal(set) var examples: [ObservedEdge] = []

    /// How many examples a person looks at.
    public static let exampleCount = 3

    mutating func add(_ edge: ObservedEdge) {
        edges += 1
        connections.addSaturating(edge.connections)
        firstSeen = min(firstSeen ?? edge.firstSeen, edge.firstSeen)
        lastSeen = max(lastSeen ?? edge.lastSeen, edge.lastSeen)
        examples.append(edge)
        examples.sort { ($1.connections, $0.key) < ($0.connections, $1.key) }
        if examples.count > Self.exampleCount { examples.removeLast() }
    }
}

/// A rule that the advisor proposes.
public struct AdvisedRule: Sendable {
    /// The name of the ruleset that it stands in.
    public let ruleset: String
    /// The rule, without documentation of the evidence.
    public let rule: Rule
    /// What it rests on.
    public let evidence: Evidence
    /// Of the pairs of workloads that it lets talk, how many were seen to; nil where an end takes addresses of no workload.
    public let pairs: (seen: Int, all: Int)?
    /// The service that most networks have of which it is a part, such as `dns`; nil for an application's own.
    public let starter: String?
    /// What people should know of it; nil when there is nothing.
    public let note: String?
}

/// Edges that no rule is made for.
public struct DoubtedEdge: Sendable {
    /// The edge.
    public let edge: ObservedEdge
    /// Why.
    public let doubt: Doubt
    /// Whether the policy with the new rules allows it all the same, since a rule for something else covers it.
    public internal(set) var isAllowed = false
}

/// A part of what was observed.
public struct Coverage: Hashable, Sendable {
    /// A number of all.
    public struct Share: Hashable, Sendable {
        /// What the draft allows.
        public internal(set) var allowed = 0
        /// All of it.
        public internal(set) var all = 0
    }

    /// Edges.
    public internal(set) var edges = Share()
    /// Connections.
    public internal(set) var connections = Share()

    mutating func add(_ edge: ObservedEdge, isAllowed: Bool) {
        edges.all += 1
        connections.all.addSaturating(edge.connections)
        guard isAllowed else { return }
        edges.allowed += 1
        connections.allowed.addSaturating(edge.connections)
    }
}

/// A least-privilege draft made of observed traffic, with what it rests on and what it leaves to people.
///
/// Only traffic whose two ends somebody named, as workloads or address sets, and that is trusted (`Doubt`) becomes rules.
/// What the policy allows by a rule already needs none. A destination's rules stand in a ruleset of its scope.
public struct Advice: Sendable {
    /// The new rules, by ruleset, then name.
    public let rules: [AdvisedRule]
    /// The new rulesets.
    public let rulesets: [Ruleset]
    /// What known rules allow already.
    public let reused: [(rule: RuleID, evidence: Evidence)]
    /// What is left to people: suspicious edges first, then most connections.
    public let doubted: [DoubtedEdge]
    /// How much of everything the policy with the new rules allows.
    public let coverage: Coverage
    /// How much of what is trusted.
    public let trustedCoverage: Coverage
    /// How many edges have a direction that only their log states; they are taken as recorded.
    public let uncertainDirections: Int
    /// From the beginning of the first connection to that of the last; nil when nothing was observed.
    public let span: Range<Instant>?
    /// Whether less than a full business cycle was observed, so that what is seldom is missing.
    public let isProvisional: Bool

    /// Advises on a policy by observed traffic.
    ///
    /// Cost: linear in edges and their starts, with two decisions for each edge, and in workloads for each group of a rule.
    public init(
        _ observed: [TimedEdge], workloads: [Workload], policy: Policy, at instant: Instant, _ question: AdviceQuestion
    ) {
        let ends = AdviceEnds(workloads, policy.addressSets, question.grouping)
        let publicEnds = AdviceEnds(workloads, policy.addressSets, question.dimensions)
        let check = TrustCheck(observed, ends, publicEnds: publicEnds)
        var judge = EdgeJudge(PolicyEngine(workloads: workloads, policy: policy.lowered()), at: instant)
        var draft = AdviceDraft(question, ends, publicEnds: publicEnds, workloads)
        var reused: [RuleID: Evidence] = [:]
        var doubted: [DoubtedEdge] = []
        var trusted: Set<EdgeKey> = []
        for timed in observed {
            if let doubt = check.doubt(timed) {
                doubted.append(DoubtedEdge(edge: timed.edge, doubt: doubt))
                continue
            }
            trusted.insert(timed.edge.key)
            if let rule = judge.decide(timed.edge.key.flow).policy.allowingRule {
                reused[rule, default: Evidence()].add(timed.edge)
            } else {
                draft.add(timed.edge, isPublic: check.isPublic(timed.edge.key))
            }
        }
        (rules, rulesets) = draft.rules(beside: Set(policy.rulesets.map(\.id)))
        self.reused = reused.sorted { $0.key < $1.key }.map { (rule: $0.key, evidence: $0.value) }
        doubted.sort { a, b in
            if a.doubt.isSuspicious != b.doubt.isSuspicious { return a.doubt.isSuspicious }
            if a.doubt.name != b.doubt.name { return a.doubt.name < b.doubt.name }
            return (b.edge.connections, a.edge.key) < (a.edge.connections, b.edge.key)
        }
        var whole = policy
        whole.rulesets += rulesets
        var after = EdgeJudge(PolicyEngine(workloads: workloads, policy: whole.lowered()), at: instant)
        var (coverage, trustedCoverage) = (Coverage(), Coverage())
        var allowed: Set<EdgeKey> = []
        for timed in observed {
            let isAllowed = after.decide(timed.edge.key.flow).policy.outcome == .allowed
            if isAllowed { allowed.insert(timed.edge.key) }
            coverage.add(timed.edge, isAllowed: isAllowed)
            if trusted.contains(timed.edge.key) { trustedCoverage.add(timed.edge, isAllowed: isAllowed) }
        }
        for place in doubted.indices { doubted[place].isAllowed = allowed.contains(doubted[place].edge.key) }
        self.doubted = doubted
        (self.coverage, self.trustedCoverage) = (coverage, trustedCoverage)
        uncertainDirections = observed.count { !$0.edge.hasCertainDirection }
        let first = observed.map(\.edge.firstSeen).min()
        let last = observed.map(\.lastStart).max()
        span = first.flatMap { first in last.map { first..<Instant(rawValue: max($0.rawValue, first.rawValue &+ 1)) } }
        let days = span.map { ($0.upperBound.rawValue - $0.lowerBound.rawValue) / Instant.day } ?? 0
        isProvisional = days < Int64(question.cycle)
    }
}

extension Verdict {
    /// The written rule by which a flow passes; nil when it does not, or passes because nothing is governed.
    fileprivate var allowingRule: RuleID? {
        guard outcome == .allowed else { return nil }
        for end in [destination, source] where end.kind == .allowed {
            if case .rule(let id, _, _) = end.decider { return id }
        }
        return nil
    }
}
