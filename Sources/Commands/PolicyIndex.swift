import Dialects
import PolicyModel

/// What people wrote about each rule, by the identifier that verdicts report, and who the workloads are.
struct PolicyIndex {
    private let origins: [RuleID: RuleOrigin]
    private let names: [WorkloadID: String]
    private var workloads: [WorkloadID: Workload] = [:]

    init(_ reading: DialectPolicy) {
        origins = reading.origins
        names = reading.names
        for workload in reading.workloads { workloads[workload.id] = workload }
    }

    /// Why the rule exists; nil for what Bulkhead itself does, and where its language cannot say.
    func documentation(of id: RuleID) -> Documentation? { origins[id]?.documentation }

    /// Where the rule is written, as `file:line`.
    func place(of id: RuleID) -> String? { origins[id]?.location.map { "\($0.file):\($0.line)" } }

    /// The workload of this name.
    func workload(_ id: WorkloadID) -> Workload? { workloads[id] }

    /// What answers call a workload.
    func name(of id: WorkloadID) -> String { names[id] ?? id.rawValue }
}
