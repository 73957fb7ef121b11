public import NetworkTypes

/// Which ends of flows are meant: a boolean expression over workloads and addresses.
///
/// An expression is judged for an address together with one of its owners, or with none when no workload has the
/// address. Selectors and `workload` hold only for an owner; `any`, `addresses` and `addressSet` look at the address.
public indirect enum EndExpression: Hashable, Sendable {
    /// Every address, owned or not.
    case any
    /// Every address that a workload owns.
    case anyWorkload
    /// The addresses of the workloads that the selector holds for.
    case selector(Selector)
    /// The addresses of one workload.
    case workload(WorkloadID)
    /// The members of a named set; an undefined name holds for nothing.
    case addressSet(AddressSetID)
    /// The members of a literal set.
    case addresses(AddressSet)
    /// What at least one holds for; of none: nothing.
    case union([EndExpression])
    /// What all hold for; of none: everything.
    case intersection([EndExpression])
    /// What the first holds for and the second does not.
    case difference(EndExpression, EndExpression)
}

/// A relation between the two ends of a flow.
///
/// Label relations range over workloads only: both kinds are false when an end is no workload. `same` holds when both
/// have the label with one value; `different` is its negation, so it holds when the label is absent on either.
public enum Relation: Hashable, Sendable {
    /// Both ends have equal values of every one of the dimensions.
    case same([LabelKey])
    /// The ends do not have equal values of at least one of the dimensions.
    case different([LabelKey])
    /// One and the same principal uses both ends; unknown when either is unknown, false when either has none.
    case samePrincipal
}
