public import PolicyModel

/// Which of the two verdicts of a decision a question goes by: the two ways to read the modes (semantics §1).
public enum VerdictView: String, Sendable, Hashable, CaseIterable {
    /// As if each workload end were in full mode.
    case policy
    /// Only managed ends, under their mode.
    case effective

    /// The verdict of this view.
    public func verdict(of decision: Decision) -> Verdict {
        switch self {
        case .policy: decision.policy
        case .effective: decision.effective
        }
    }
}
