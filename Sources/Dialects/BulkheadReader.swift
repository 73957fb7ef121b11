import PolicyEngine
public import PolicyFiles
import PolicyModel

/// Reads Bulkhead's own policy files; here any error loads nothing (semantics §4).
enum BulkheadReader: DialectReader {
    static func read(_ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy {
        var policy = DialectPolicy(PolicyDirectory.load(sources, now: options.now))
        // Warnings about own files are what `bulkhead policy check` is for.
        policy.findings.removeAll { $0.diagnostic.severity == .warning }
        return policy
    }
}

extension DialectPolicy {
    /// What loading policy files gave, in the flat form.
    public init(_ result: PolicyLoadResult) {
        self.init(
            dialects: [.bulkhead],
            findings: result.diagnostics.map {
                DialectFinding($0, effect: $0.severity == .error ? .leftOut : .none)
            })
        isRefused = result.policy == nil
        guard let loaded = result.policy else { return }
        self.loaded = loaded
        workloads = loaded.workloads
        policy = loaded.policy.lowered()
        for (id, location) in loaded.locations { origins[id] = RuleOrigin(location: location) }
        for (id, documentation) in loaded.policy.documentation {
            origins[id, default: RuleOrigin()].documentation = documentation
        }
    }
}

extension Policy {
    /// What people wrote about each rule, guardrail, exception and quarantine.
    fileprivate var documentation: [(RuleID, Documentation)] {
        essential.map { ($0.id, $0.documentation) }
            + rulesets.flatMap(\.rules).map { ($0.id, $0.documentation) }
            + guardrails.map { ($0.id, $0.documentation) }
            + quarantines.map { ($0.id, $0.documentation) }
            + (guardrails.flatMap(\.exceptions) + quarantines.flatMap(\.exceptions)).map { ($0.id, $0.documentation) }
    }
}
