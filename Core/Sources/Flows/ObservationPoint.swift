/// The place in the network where a flow was metered (RFC 7011 §2), by name.
///
/// One connection that passes two points is one connection with two observation points.
public struct ObservationPoint: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name, as the source spells it; never empty.
    public let name: String

    /// Makes a point from its name, or nil when the name is empty.
    public init?(_ name: String) {
        guard !name.isEmpty else { return nil }
        self.name = name
    }

    public var description: String { name }

    public static func < (a: Self, b: Self) -> Bool { a.name < b.name }
}
