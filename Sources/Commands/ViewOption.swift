import ArgumentParser
import PolicyEngine

/// Which verdicts are asked for.
struct ViewOption: ParsableArguments {
    /// The views by the words for them.
    enum Name: String, ExpressibleByArgument, CaseIterable {
        case full, policy, effective
    }

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            """
            full, or policy: the policy verdicts, as if every workload were in full mode; effective: only what is \
            enforced.
            """,
            valueName: "view"))
    var name: Name = .full

    /// The view that is meant.
    var view: VerdictView { name == .effective ? .effective : .policy }
}
