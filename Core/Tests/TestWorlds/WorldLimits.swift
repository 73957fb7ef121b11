public import NetworkTypes

/// What a world may contain, so that its random parts keep to it.
public struct WorldLimits: Sendable {
    /// The families of its addresses.
    public var families: [AddressFamily] = AddressFamily.allCases
    /// Whether rules may ask for processes, principals and conditions.
    public var hasAttributes = true
    /// How often a flat rule is approximate.
    var approximatePercent: Int { hasAttributes ? 4 : 0 }

    /// Makes limits that allow everything.
    public init() {}
}
