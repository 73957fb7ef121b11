public import PolicyModel

/// The answer to a question about policy.
public enum AnalysisAnswer: Hashable, Sendable {
    /// It holds, exactly.
    case yes
    /// It does not, as the witness shows.
    case no(Witness)
    /// It cannot be told, because of a rule whose meaning is not fully understood, or that asks for what no analysis knows.
    case unknown(RuleID)
}
