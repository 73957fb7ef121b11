public import NetworkTypes
public import PolicyFiles
public import PolicyModel

/// What a reader understood of policy in one language or several, and what not.
public struct DialectPolicy: Sendable {
    /// The languages, in the order in which their layers stand.
    public var dialects: [Dialect]
    /// Whom the policy can speak of.
    public var workloads: [Workload]
    /// The policy; every layer belongs to one of `dialects`.
    public var policy: FlatPolicy
    /// What answers call a workload where its identifier is not its name; several may share one, such as the pods of a Deployment.
    public var names: [WorkloadID: String]
    /// Further names of workloads: those that other languages gave to one that is known by the first.
    public var aliases: [WorkloadID: WorkloadID] = [:]
    /// Addresses made up for workloads that the files give none, so that such can be asked about by name.
    public var standIns: Set<IPAddress>
    /// The protocols that the languages speak of, in the order in which answers list them; nil means all.
    public var protocols: [IPProtocol]?
    /// Where each rule was written, and why.
    public var origins: [RuleID: RuleOrigin]
    /// What was found while reading, by file and line.
    public var findings: [DialectFinding]
    /// Whether the product that enforces the policy would refuse it as a whole; then no answer may come of it.
    public var isRefused = false
    /// Bulkhead's own policy as its files say it, where that is one of the languages.
    public var loaded: LoadedPolicy?

    /// Makes a policy; what is left out is empty.
    public init(
        dialects: [Dialect], workloads: [Workload] = [], policy: FlatPolicy = FlatPolicy(layers: []),
        names: [WorkloadID: String] = [:], standIns: Set<IPAddress> = [], protocols: [IPProtocol]? = nil,
        origins: [RuleID: RuleOrigin] = [:], findings: [DialectFinding] = []
    ) {
        self.dialects = dialects
        self.workloads = workloads
        self.policy = policy
        self.names = names
        self.standIns = standIns
        self.protocols = protocols
        self.origins = origins
        self.findings = findings
    }

    /// Whether something was left out or is answered as *may*; then writing and importing need consent (semantics §4).
    public var isPartial: Bool { findings.contains { $0.effect != .none } }

    /// Whether something could not be read at all.
    public var hasErrors: Bool { findings.contains { $0.diagnostic.severity == .error } }
}

/// Where a rule comes from.
public struct RuleOrigin: Hashable, Sendable {
    /// The place in a file, when there is one.
    public var location: Diagnostic.Location?
    /// Why it exists, when its language can say so.
    public var documentation: Documentation?

    /// Makes an origin.
    public init(location: Diagnostic.Location? = nil, documentation: Documentation? = nil) {
        self.location = location
        self.documentation = documentation
    }
}

/// A finding with what it does to answers.
public struct DialectFinding: Hashable, Sendable {
    /// What a finding does to answers.
    public enum Effect: String, Hashable, Sendable {
        /// Nothing: what was passed over decides about no traffic.
        case none
        /// A rule is approximate: answers that depend on it are *may*.
        case may
        /// A file, an object or a rule was left out: answers say nothing of it.
        case leftOut
    }

    /// What was expected and what was got, with its place.
    public var diagnostic: Diagnostic
    /// What it does to answers.
    public var effect: Effect
    /// The rule that it concerns, when it concerns one.
    public var rule: RuleID?

    /// Makes a finding.
    public init(_ diagnostic: Diagnostic, effect: Effect, rule: RuleID? = nil) {
        self.diagnostic = diagnostic
        self.effect = effect
        self.rule = rule
    }
}
