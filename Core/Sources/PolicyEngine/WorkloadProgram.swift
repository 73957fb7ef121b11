public import NetworkTypes
public import PolicyModel

/// What the agent of one workload enforces for one agent layer: names resolved to addresses, in order of precedence.
///
/// The renderer turns it into rules of a packet filter; it needs nothing else of the policy.
public struct WorkloadProgram: Hashable, Sendable {
    /// Whose program it is.
    public var workload: WorkloadID
    /// The workload's addresses, ascending.
    public var addresses: [IPAddress]
    /// Those of its addresses that other workloads have too, ascending; between them nothing is known to be its own traffic.
    public var sharedAddresses: [IPAddress]
    /// The mode that is enforced: the workload's own, or full in quarantine; nil without an agent.
    public var mode: EnforcementMode?
    /// Whether a quarantine raised the mode.
    public var isQuarantined: Bool
    /// The tiers, highest precedence first; a tier without rules and default is left out unless a pass names it.
    public var tiers: [ProgramTier]
    /// What happens to what no tier decides; nil where nothing is evaluated.
    ///
    /// In visibility it is what full mode would do: the packet filter counts and reports it, and drops nothing.
    public var defaultAction: DefaultAction?
}

/// One tier of a program.
public struct ProgramTier: Hashable, Sendable {
    /// Its name.
    public var id: TierID
    /// The rules in the order in which they are asked: deny before allow before pass at equal rank.
    public var rules: [ProgramRule]
    /// What the tier does with a flow of this direction that none of its rules matched.
    public var onNoMatch: [Direction: Tier.Default]
}

/// A rule of a tier for one workload.
public struct ProgramRule: Hashable, Sendable {
    /// The name that verdicts report.
    public var id: RuleID
    /// What it does; a pass goes on with the later tier of this name, or with the default when there is none.
    public var action: RuleAction
    /// Which end the workload is.
    public var direction: Direction
    /// Traffic that the rule covers; one part is enough.
    ///
    /// Empty: it matches nothing now.
    public var parts: [ProgramPart]
    /// When it is in force.
    public var validity: Validity
    /// The processes and principals that it asks for at the workload; the packet filter alone cannot tell.
    public var attributes: AttributeMatch
    /// Whether it holds between one principal's ends only, which the packet filter cannot tell either.
    public var needsSamePrincipal: Bool
}

/// Peers with the services that are covered with them.
public struct ProgramPart: Hashable, Sendable {
    /// The workload's own addresses that the part is for; nil means all.
    public var ownAddresses: [IPAddress]?
    /// The other ends.
    public var peers: PeerSet
    /// The traffic; no named ports are left.
    public var services: [ServiceTerm]
}

/// A set of peer addresses, in the form in which a packet filter can hold it.
///
/// An address belongs to it when it is one of the hosts, or lies in the ranges and is not excepted.
public struct PeerSet: Hashable, Sendable {
    /// Blocks of addresses.
    public var ranges: AddressSet
    /// Addresses of workloads, ascending.
    public var hosts: [IPAddress]
    /// Addresses of workloads inside the ranges that do not belong, ascending.
    public var exceptions: [IPAddress]

    /// Makes a set.
    public init(ranges: AddressSet = AddressSet(), hosts: [IPAddress] = [], exceptions: [IPAddress] = []) {
        self.ranges = ranges
        self.hosts = hosts
        self.exceptions = exceptions
    }

    /// Every address.
    public static let everything = PeerSet(ranges: .all)

    /// Whether no address belongs.
    public var isEmpty: Bool { ranges.isEmpty && hosts.isEmpty }

    /// Whether the address belongs; linear in the hosts.
    public func contains(_ address: IPAddress) -> Bool {
        hosts.contains(address) || (ranges.contains(address) && !exceptions.contains(address))
    }
}
