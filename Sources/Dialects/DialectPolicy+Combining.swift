import NetworkTypes
import PolicyFiles
import PolicyModel

extension DialectPolicy {
    /// Puts policies of several languages together: all their layers, and every workload once.
    ///
    /// Workloads of different languages are one when they have a name or an address in common; it then has the name that the
    /// first language gave, and the labels of all. Where two languages give one label different values the first wins,
    /// which is a finding.
    package init(combining parts: [DialectPolicy]) {
        if parts.count == 1 {
            self = parts[0]
            return
        }
        self.init(dialects: parts.flatMap(\.dialects))
        protocols = parts.contains { $0.protocols == nil } ? nil : Self.ordered(parts.compactMap(\.protocols))
        var merger = WorkloadMerger()
        for part in parts {
            let renamed = merger.add(part)
            aliases.merge(renamed) { mine, _ in mine }
            policy.layers += part.policy.layers.map { $0.renaming(renamed) }
            policy.addressSets.merge(part.policy.addressSets) { mine, _ in mine }
            origins.merge(part.origins) { mine, _ in mine }
            findings += part.findings
            isRefused = isRefused || part.isRefused
            standIns.formUnion(part.standIns)
            if let found = part.loaded { loaded = found }
            for (id, name) in part.names where renamed[id] == nil { names[id] = name }
        }
        workloads = merger.workloads
        findings += merger.findings
        standIns.formIntersection(Set(workloads.flatMap(\.addresses)))
    }

    private static func ordered(_ lists: [[IPProtocol]]) -> [IPProtocol] {
        var result: [IPProtocol] = []
        for proto in lists.joined() where !result.contains(proto) { result.append(proto) }
        return result
    }
}

/// Finds which workloads of several languages are one.
private struct WorkloadMerger {
    private(set) var workloads: [Workload] = []
    private(set) var findings: [DialectFinding] = []
    private var places: [WorkloadID: Int] = [:]
    private var owners: [IPAddress: Int] = [:]
    private var real: Set<IPAddress> = []

    /// Adds the workloads of one language; returns the names that those have which another language knows already.
    mutating func add(_ part: DialectPolicy) -> [WorkloadID: WorkloadID] {
        var renamed: [WorkloadID: WorkloadID] = [:]
        let known = workloads.count
        for workload in part.workloads {
            let addresses = workload.addresses.filter { !part.standIns.contains($0) }
            let place = places[workload.id] ?? addresses.compactMap { owners[$0] }.first
            if let place, place < known {
                merge(workload, addresses, into: place)
                if workload.id != workloads[place].id { renamed[workload.id] = workloads[place].id }
            } else {
                places[workload.id] = workloads.count
                workloads.append(workload)
            }
            let here = place ?? workloads.count - 1
            for address in addresses where owners[address] == nil { owners[address] = here }
            real.formUnion(addresses)
        }
        return renamed
    }

    private mutating func merge(_ other: Workload, _ addresses: [IPAddress], into place: Int) {
        for (key, value) in other.labels.sorted(by: { $0.key < $1.key }) {
            guard let mine = workloads[place].labels[key] else {
                workloads[place].labels[key] = value
                continue
            }
            guard mine != value else { continue }
            let message =
                "expected one value of label `\(key)` for workload `\(workloads[place].id)`, got `\(mine)` and `\(value)`; "
                + "the first is used"
            findings.append(DialectFinding(Diagnostic(.warning, code: "label-conflict", message), effect: .may))
        }
        if !addresses.isEmpty {
            // An address made up by the other language gives way to a real one.
            let kept = workloads[place].addresses.filter { real.contains($0) }
            workloads[place].addresses = kept + addresses.filter { !kept.contains($0) }
        }
        workloads[place].namedPorts.merge(other.namedPorts) { mine, theirs in
            mine + theirs.filter { !mine.contains($0) }
        }
        if workloads[place].mode == nil {
            workloads[place].mode = other.mode
            workloads[place].enforcesAttributes = other.enforcesAttributes
        }
    }
}

// MARK: Names of workloads in expressions

extension Layer {
    /// The layer with workloads called by other names.
    func renaming(_ names: [WorkloadID: WorkloadID]) -> Layer {
        if names.isEmpty { return self }
        var layer = self
        layer.appliesTo = appliesTo.renaming(names)
        layer.fullFor = fullFor.renaming(names)
        for tier in layer.tiers.indices {
            layer.tiers[tier].selections = tiers[tier].selections?.map {
                Selection(subject: $0.subject.renaming(names), direction: $0.direction)
            }
            for rule in layer.tiers[tier].rules.indices {
                layer.tiers[tier].rules[rule].subject = tiers[tier].rules[rule].subject.renaming(names)
                layer.tiers[tier].rules[rule].peer = tiers[tier].rules[rule].peer.renaming(names)
            }
        }
        return layer
    }
}

extension EndExpression {
    fileprivate func renaming(_ names: [WorkloadID: WorkloadID]) -> EndExpression {
        switch self {
        case .workload(let id): .workload(names[id] ?? id)
        case .union(let parts): .union(parts.map { $0.renaming(names) })
        case .intersection(let parts): .intersection(parts.map { $0.renaming(names) })
        case .difference(let left, let right): .difference(left.renaming(names), right.renaming(names))
        case .any, .anyWorkload, .selector, .addressSet, .addresses: self
        }
    }
}
