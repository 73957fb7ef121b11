/// A name that is unique among the things of one kind; equal bytes, equal name.
public struct Identifier<Subject>: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// The name as written.
    public let rawValue: String

    /// Makes an identifier; any text will do, loaders check its form.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Makes an identifier from a literal.
    public init(stringLiteral value: String) { rawValue = value }

    /// The name as written.
    public var description: String { rawValue }
}

/// The name of a workload.
public typealias WorkloadID = Identifier<Workload>
/// The name of a set of addresses.
public typealias AddressSetID = Identifier<AddressSetKind>
/// The name of a rule; in Bulkhead's own policy `ruleset/rule` or `guardrail/exception`.
public typealias RuleID = Identifier<FlatRule>
/// The name of a tier inside its layer.
public typealias TierID = Identifier<Tier>
/// The name of an enforcement point.
public typealias LayerID = Identifier<Layer>
/// The name that a workload gives to one of its ports.
public typealias PortName = Identifier<ProtocolPort>
/// The name of a fact about a flow that somebody else establishes, such as `posture.disk-encrypted`.
public typealias ConditionName = Identifier<Condition>

/// What an `AddressSetID` names; it has no values.
public enum AddressSetKind: Sendable {}
