public import NetworkTypes

/// A unit that has addresses and labels: a server, a virtual machine, a pod.
public struct Workload: Hashable, Sendable {
    /// Its unique name.
    public var id: WorkloadID
    /// Its labels, from inventory, label rules, connectors or operators, never from an agent's claim.
    public var labels: Labels
    /// All its addresses; a flow from any of them is the workload's.
    public var addresses: [IPAddress]
    /// What its named ports stand for.
    public var namedPorts: [PortName: [ProtocolPort]]
    /// How its agent enforces, or nil when it has no agent (it is *labelled only*).
    public var mode: EnforcementMode?
    /// Whether its agent has acknowledged that it enforces process and principal parts of rules.
    public var enforcesAttributes: Bool

    /// Makes a workload; without a mode it has no agent.
    public init(
        id: WorkloadID, labels: Labels = [:], addresses: [IPAddress] = [],
        namedPorts: [PortName: [ProtocolPort]] = [:], mode: EnforcementMode? = nil, enforcesAttributes: Bool = false
    ) {
        self.id = id
        self.labels = labels
        self.addresses = addresses
        self.namedPorts = namedPorts
        self.mode = mode
        self.enforcesAttributes = enforcesAttributes
    }
}

/// A protocol with one of its ports.
public struct ProtocolPort: Hashable, Comparable, Sendable {
    /// The protocol; one that has ports.
    public var proto: IPProtocol
    /// The port.
    public var port: UInt16

    /// Makes a pair.
    public init(_ proto: IPProtocol, _ port: UInt16) {
        self.proto = proto
        self.port = port
    }

    public static func < (a: Self, b: Self) -> Bool { a.proto == b.proto ? a.port < b.port : a.proto < b.proto }
}

/// What an agent does on its workload (semantics: *modes*).
public enum EnforcementMode: String, Hashable, Sendable, CaseIterable {
    /// Base chains present, accepting, empty.
    case idle
    /// Evaluates and reports, never drops; a quarantine is the exception.
    case visibility
    /// Enforces what is denied; allows the rest.
    case selective
    /// Enforces everything; denies the rest.
    case full

    /// Whether the agent drops what policy denies.
    public var enforces: Bool {
        switch self {
        case .idle, .visibility: false
        case .selective, .full: true
        }
    }
}
