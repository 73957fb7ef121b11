import PolicyFiles
import PolicyModel

/// What people wrote about each rule, by the identifier that verdicts report.
struct PolicyIndex {
    private var documentation: [RuleID: Documentation] = [:]
    private let locations: [RuleID: Diagnostic.Location]
    private var workloads: [WorkloadID: Workload] = [:]

    init(_ loaded: LoadedPolicy) {
        locations = loaded.locations
        for workload in loaded.workloads { workloads[workload.id] = workload }
        for rule in loaded.policy.essential { documentation[rule.id] = rule.documentation }
        for ruleset in loaded.policy.rulesets {
            for rule in ruleset.rules { documentation[rule.id] = rule.documentation }
        }
        for guardrail in loaded.policy.guardrails {
            documentation[guardrail.id] = guardrail.documentation
            for exception in guardrail.exceptions { documentation[exception.id] = exception.documentation }
        }
        for quarantine in loaded.policy.quarantines {
            documentation[quarantine.id] = quarantine.documentation
            for exception in quarantine.exceptions { documentation[exception.id] = exception.documentation }
        }
    }

    /// Why the rule exists; nil for what Bulkhead itself does.
    func documentation(of id: RuleID) -> Documentation? { documentation[id] }

    /// Where the rule is written, as `file:line`.
    func place(of id: RuleID) -> String? { locations[id].map { "\($0.file):\($0.line)" } }

    /// The workload of this name.
    func workload(_ id: WorkloadID) -> Workload? { workloads[id] }
}
