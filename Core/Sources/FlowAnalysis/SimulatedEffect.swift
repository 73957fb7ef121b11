public import PolicyModel

/// What a draft would do to observed traffic that the active policy judges already.
public enum SimulatedEffect: String, Sendable, Hashable, CaseIterable, Comparable {
    /// The active policy allows it, the draft denies it.
    case broken
    /// The active policy denies it, the draft allows it.
    case opened
    /// The log does not prove which end was the initiator, and the draft does something else the other way round.
    case dependsOnDirection
    /// One of the policies cannot tell: the record lacks an attribute or a source port.
    case undecided
    /// Both allow it.
    case stillAllowed
    /// Both deny it.
    case stillDenied

    /// What it means that the active policy and the draft say these.
    public init(active: Outcome, draft: Outcome) {
        switch (active, draft) {
        case (.allowed, .allowed): self = .stillAllowed
        case (.denied, .denied): self = .stillDenied
        case (.allowed, .denied): self = .broken
        case (.denied, .allowed): self = .opened
        case (.indeterminate, _), (.partly, _), (_, .indeterminate), (_, .partly): self = .undecided
        }
    }

    /// Whether the draft changes nothing.
    public var isUnchanged: Bool { self == .stillAllowed || self == .stillDenied }

    /// Orders as the cases are written.
    public static func < (a: Self, b: Self) -> Bool { a.order < b.order }

    var order: Int {
        switch self {
        case .broken: 0
        case .opened: 1
        case .dependsOnDirection: 2
        case .undecided: 3
        case .stillAllowed: 4
        case .stillDenied: 5
        }
    }
}

/// A number of edges and of the connections in them.
public struct EdgeCount: Hashable, Sendable {
    /// Edges.
    public internal(set) var edges = 0
    /// Their connections.
    public internal(set) var connections = 0
}

/// How much observed traffic meets each effect; every edge is counted once.
public struct EffectTally: Hashable, Sendable {
    /// In the order of the effects.
    private var counts = Array(repeating: EdgeCount(), count: SimulatedEffect.allCases.count)

    /// The edges and connections of one effect.
    public subscript(effect: SimulatedEffect) -> EdgeCount { counts[effect.order] }

    mutating func add(_ effect: SimulatedEffect, connections: Int) {
        counts[effect.order].edges += 1
        counts[effect.order].connections.addSaturating(connections)
    }

    /// Takes back what was added; false where the sum is no longer exact, and must be made anew.
    mutating func remove(_ effect: SimulatedEffect, connections: Int) -> Bool {
        guard counts[effect.order].connections < .max else { return false }
        counts[effect.order].edges -= 1
        counts[effect.order].connections -= connections
        return true
    }
}

extension FixedWidthInteger {
    /// Adds and stays at the bound instead of overflowing: counts come from outside.
    mutating func addSaturating(_ other: Self) {
        let (sum, over) = addingReportingOverflow(other)
        self = over ? (other > 0 ? .max : .min) : sum
    }
}
