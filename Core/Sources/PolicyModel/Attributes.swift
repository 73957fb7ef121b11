/// What is known of an attribute of a flow's end.
public enum Attribute<Value: Hashable & Sendable>: Hashable, Sendable {
    /// Nobody observed it.
    case unknown
    /// It was observed that there is none.
    case absent
    /// It was observed.
    case known(Value)
}

/// A process as policy sees it: the path of its executable.
public typealias ProcessName = Identifier<AttributeMatch>

/// A person or service on whose behalf an end acts.
public struct Principal: Hashable, Sendable {
    /// The unique name.
    public var name: String
    /// The groups and roles it is in.
    public var groups: Set<String>

    /// Makes a principal.
    public init(name: String, groups: Set<String> = []) {
        self.name = name
        self.groups = groups
    }
}

/// A requirement on the process and the principal of one end; nil parts require nothing.
public struct AttributeMatch: Hashable, Sendable {
    /// The process must be one of these.
    public var processes: Set<ProcessName>?
    /// The principal's name, or one of its groups, must be among these.
    public var principals: Set<String>?

    /// Makes a requirement.
    public init(processes: Set<ProcessName>? = nil, principals: Set<String>? = nil) {
        self.processes = processes
        self.principals = principals
    }

    /// The requirement that everything fulfils.
    public static let none = AttributeMatch()
}

/// Something a flow record may lack that a rule asks for; ordered as reported when several are missing.
public enum FlowAttribute: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Type and code of an ICMP message.
    case icmpType
    /// The process at the source.
    case sourceProcess
    /// The process at the destination.
    case destinationProcess
    /// The principal at the source.
    case sourcePrincipal
    /// The principal at the destination.
    case destinationPrincipal
    /// What a rule of another language means where it is understood in part (`Certainty.approximate`); no record has it.
    case ruleMeaning

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// A fact that must, or must not, be known to hold.
///
/// Facts are three-valued. When one is unknown, an allow (and the exception of a guardrail) does not match, a deny does.
public struct Condition: Hashable, Sendable {
    /// The fact's name.
    public var name: ConditionName
    /// The value it must have; false expresses `unless`.
    public var expected: Bool

    /// Makes a condition.
    public init(_ name: ConditionName, is expected: Bool = true) {
        self.name = name
        self.expected = expected
    }
}
