import NetworkTypes
import PolicyModel

extension PolicyReader {
    /// Points out addresses that two workloads claim: they are judged as both, which is seldom meant.
    mutating func checkSharedAddresses() {
        var owners: [IPAddress: (id: WorkloadID, location: Diagnostic.Location)] = [:]
        for entry in workloads {
            for (address, location) in zip(entry.workload.addresses, entry.addressLocations) {
                if let first = owners[address] {
                    findings.report(
                        .sharedAddress, "`\(address)` is an address of `\(first.id)` and of `\(entry.workload.id)`",
                        at: location, related: [first.location])
                } else {
                    owners[address] = (entry.workload.id, location)
                }
            }
        }
    }

    /// Refuses port names that no workload defines: such a term covers nothing, so that a deny would not deny.
    mutating func checkPortNames() {
        var known = Set<PortName>()
        for entry in workloads { known.formUnion(entry.workload.namedPorts.keys) }
        for use in portNameUses where !known.contains(use.name) {
            let hint = Suggestion.hint(for: use.name.rawValue, among: known.map(\.rawValue).sorted())
            findings.report(
                .unknownPortName,
                "expected a port name that `ports` of a workload defines, got `\(use.name)`\(hint)", at: use.location)
        }
    }

    /// Points out label dimensions and values in selectors that no workload has, which is how typing errors show.
    mutating func checkLabelUse() {
        guard !workloads.isEmpty else { return }
        var values: [LabelKey: Set<LabelValue>] = [:]
        for entry in workloads {
            for (key, value) in entry.workload.labels { values[key, default: []].insert(value) }
        }
        checkCase(of: values.keys.sorted())
        let keyNames = values.keys.map(\.description).sorted()
        for use in selectorUses {
            for key in use.selector.keys.sorted() where values[key] == nil {
                let hint = Suggestion.hint(for: key.description, among: keyNames)
                findings.report(.unknownLabel, "no workload has a label `\(key)`\(hint)", at: use.location)
            }
            for (key, value) in use.selector.wantedValues {
                guard let known = values[key], !known.contains(value) else { continue }
                let hint = Suggestion.hint(for: value.description, among: known.map(\.description).sorted())
                findings.report(
                    .unknownLabelValue, "no workload has `\(key)` with the value `\(value)`\(hint)", at: use.location)
            }
        }
    }

    private mutating func checkCase(of keys: [LabelKey]) {
        var first: [String: LabelKey] = [:]
        for key in keys {
            let folded = key.description.lowercased()
            guard let other = first[folded] else {
                first[folded] = key
                continue
            }
            let owner = workloads.first { $0.workload.labels[key] != nil }
            findings.report(
                .caseDiffers, "the labels `\(other)` and `\(key)` differ in case only", at: owner?.location)
        }
    }
}

extension Selector {
    /// The values that some branch asks for, with their dimension, in the order written.
    fileprivate var wantedValues: [(LabelKey, LabelValue)] {
        switch self {
        case .equals(let key, let value), .notEquals(let key, let value): [(key, value)]
        case .isIn(let key, let values), .notIn(let key, let values): values.map { (key, $0) }
        case .all, .exists, .notExists: []
        case .not(let inner): inner.wantedValues
        case .and(let parts), .or(let parts): parts.flatMap(\.wantedValues)
        }
    }
}
