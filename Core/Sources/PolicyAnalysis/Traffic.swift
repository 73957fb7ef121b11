/// What may flow from one end to another.
public struct Traffic: Hashable, Sendable {
    /// What is allowed for sure, whatever processes, principals, conditions and approximate rules turn out to be.
    public let must: ServiceSet
    /// What is allowed for some of those; it holds all of `must`.
    public let may: ServiceSet

    /// Makes an answer; `may` has every member of `must`.
    public init(must: ServiceSet, may: ServiceSet) {
        self.must = must
        self.may = may
    }

    /// Whether nothing is open: both sets are the same.
    public var isExact: Bool { must == may }

    /// Nothing may flow.
    public static let none = Traffic(must: ServiceSet(), may: ServiceSet())
}
