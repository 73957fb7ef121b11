import PolicyModel

extension PolicyReader {
    /// Gives each workload with an agent the one mode that `enforcement` states for it.
    mutating func readEnforcement(_ sections: [Section]) {
        var entries: [(mode: EnforcementMode, members: EndExpression, location: Diagnostic.Location)] = []
        for (record, _) in records(sections, as: PolicyFormat.enforcement) {
            let word = word(record["mode"], among: PolicyFormat.modes, for: "a mode")
            let members = end(record["members"], .members)
            guard let mode = word.flatMap(EnforcementMode.init(rawValue:)) else { continue }
            entries.append((mode, members, record.location))
        }
        for index in workloads.indices where workloads[index].hasAgent {
            let workload = workloads[index].workload
            let fitting = entries.filter { $0.members.holdsForMember(workload) }
            guard let first = fitting.first else {
                findings.report(
                    .missingMode,
                    "expected one mode for `\(workload.id)`, which has an agent, got none in `enforcement`",
                    at: workloads[index].location)
                continue
            }
            workloads[index].workload.mode = first.mode
            if let other = fitting.first(where: { $0.mode != first.mode }) {
                findings.report(
                    .modeConflict,
                    "expected one mode for `\(workload.id)`, got `\(first.mode.rawValue)` and `\(other.mode.rawValue)`",
                    at: workloads[index].location, related: [first.location, other.location])
            }
        }
    }
}

extension EndExpression {
    /// Whether an expression over workloads alone holds for this one.
    fileprivate func holdsForMember(_ workload: Workload) -> Bool {
        switch self {
        case .any, .addresses, .addressSet: false
        case .anyWorkload: true
        case .selector(let selector): selector.matches(workload.labels)
        case .workload(let id): id == workload.id
        case .union(let parts): parts.contains { $0.holdsForMember(workload) }
        case .intersection(let parts): parts.allSatisfy { $0.holdsForMember(workload) }
        case .difference(let whole, let hole): whole.holdsForMember(workload) && !hole.holdsForMember(workload)
        }
    }
}
