import Dialects
import NetworkTypes
import PolicyModel

/// What people wrote about each rule, by the identifier that verdicts report, and who the workloads are.
struct PolicyIndex {
    private var origins: [RuleID: RuleOrigin]
    private var names: [WorkloadID: String]
    private var workloads: [WorkloadID: Workload] = [:]
    private var standIns: Set<IPAddress>
    /// Whose each made-up address is.
    private var standInOwners: [IPAddress: WorkloadID] = [:]

    init(_ reading: DialectPolicy) {
        origins = reading.origins
        names = reading.names
        standIns = reading.standIns
        for workload in reading.workloads {
            workloads[workload.id] = workload
            for address in workload.addresses where standIns.contains(address) { standInOwners[address] = workload.id }
        }
    }

    /// Why the rule exists; nil for what Bulkhead itself does, and where its language cannot say.
    func documentation(of id: RuleID) -> Documentation? { origins[id]?.documentation }

    /// Where the rule is written, as `file:line`.
    func place(of id: RuleID) -> String? { origins[id]?.location.map { "\($0.file):\($0.line)" } }

    /// The workload of this name.
    func workload(_ id: WorkloadID) -> Workload? { workloads[id] }

    /// What answers call a workload.
    func name(of id: WorkloadID) -> String { names[id] ?? id.rawValue }

    /// Whether the address was made up, so that it means nothing to people.
    func isStandIn(_ address: IPAddress) -> Bool { standIns.contains(address) }

    /// The address, or the workload that it was made up for.
    func place(_ address: IPAddress) -> String { standInOwners[address]?.rawValue ?? address.description }

    /// The same, with what another policy says besides.
    func adding(_ other: PolicyIndex) -> PolicyIndex {
        var result = self
        result.origins.merge(other.origins) { mine, _ in mine }
        result.names.merge(other.names) { mine, _ in mine }
        result.standIns.formUnion(other.standIns)
        result.standInOwners.merge(other.standInOwners) { mine, _ in mine }
        result.workloads.merge(other.workloads) { mine, _ in mine }
        return result
    }
}
