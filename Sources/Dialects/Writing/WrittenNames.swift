import NetworkTypes
import PolicyModel

/// Gives names of the form that policy files ask for, each once.
struct UniqueNames {
    private var taken: Set<String> = []
    private var last: [String: Int] = [:]

    /// A name near `text`: letters, digits and `_ . -`, starting with a letter, at most 120 bytes.
    mutating func name(for text: String, or fallback: String, also marks: Set<Character> = []) -> String {
        var result = ""
        for character in text {
            let isPlain = character.isASCII && (character.isLetter || character.isNumber)
            if isPlain || "_.-".contains(character) || marks.contains(character) {
                result.append(character)
            } else if let tail = result.last, tail != "-" {
                result.append("-")
            }
        }
        while let tail = result.last, "-./".contains(tail) { result.removeLast() }
        while let head = result.first, !(head.isLetter || (head.isNumber && marks.contains("/"))) {
            result.removeFirst()
        }
        result = String(result.prefix(marks.isEmpty ? 110 : 240))
        if result.isEmpty { result = fallback }
        let base = result
        var number = last[base] ?? 1
        while !taken.insert(result).inserted {
            number += 1
            result = "\(base)-\(number)"
        }
        last[base] = number
        return result
    }
}

/// The names that a policy's things are written by, where their own are of another form.
struct WrittenNames {
    private var workloadNames: [WorkloadID: WorkloadID] = [:]
    private var setNames: [AddressSetID: AddressSetID] = [:]
    private var portNames: [PortName: PortName] = [:]
    /// The written names of ports that some workload defines.
    private var defined: Set<PortName> = []
    /// What selectors ask of labels that all workloads have, or none.
    private var settled = SettledLabels()

    /// The workloads under their written names, each with the mode full where a layer stands at it.
    mutating func workloads(_ source: DialectPolicy) -> [Workload] {
        var names = UniqueNames()
        var ports = UniqueNames()
        let known = Set(source.workloads.flatMap(\.namedPorts.keys))
            .union(source.policy.serviceTerms.compactMap { if case .named(let name) = $0 { name } else { nil } })
        for name in known.sorted() {
            portNames[name] = PortName(rawValue: ports.name(for: name.rawValue, or: "port"))
        }
        var sets = UniqueNames()
        _ = ["all", "any", "anyWorkload", "none"].map { sets.name(for: $0, or: "set") }
        for id in source.policy.addressSets.keys.sorted() {
            setNames[id] = AddressSetID(rawValue: sets.name(for: id.rawValue, or: "set"))
        }
        var result: [Workload] = []
        for workload in source.workloads.sorted(by: { $0.id < $1.id }) {
            var written = workload
            let isAddress = IPAddress(workload.id.rawValue) != nil || AddressRange(workload.id.rawValue) != nil
            let base = isAddress ? "host-\(workload.id)" : workload.id.rawValue
            written.id = WorkloadID(rawValue: names.name(for: base, or: "workload", also: ["/"]))
            workloadNames[workload.id] = written.id
            written.namedPorts = [:]
            for (name, list) in workload.namedPorts { written.namedPorts[portNames[name] ?? name] = list.sorted() }
            written.mode = .full
            written.enforcesAttributes = false
            result.append(written)
        }
        defined = Set(result.flatMap(\.namedPorts.keys))
        settled = SettledLabels(source.workloads)
        // That an address is made up matters only where a selector asks for it; heads of files say it too.
        if let key = KubernetesCluster.standIn, !renamed(source.policy).labelKeys.contains(key) {
            for number in result.indices { result[number].labels[key] = nil }
        }
        return result.sorted { $0.id < $1.id }
    }

    /// The policy with the written names.
    func renamed(_ policy: FlatPolicy) -> FlatPolicy {
        var result = policy
        result.addressSets = [:]
        for (id, set) in policy.addressSets { result.addressSets[setNames[id] ?? id] = set }
        for layer in result.layers.indices {
            result.layers[layer].appliesTo = renamed(policy.layers[layer].appliesTo)
            result.layers[layer].fullFor = renamed(policy.layers[layer].fullFor)
            for tier in result.layers[layer].tiers.indices {
                let old = policy.layers[layer].tiers[tier]
                result.layers[layer].tiers[tier].selections = old.selections?.map {
                    Selection(subject: renamed($0.subject), direction: $0.direction)
                }
                result.layers[layer].tiers[tier].rules = old.rules.map { rule in
                    var rule = rule
                    rule.subject = renamed(rule.subject)
                    rule.peer = renamed(rule.peer)
                    rule.services = rule.services.map {
                        if case .named(let name) = $0 { .named(portNames[name] ?? name) } else { $0 }
                    }
                    // A name that no workload defines covers nothing, and files would refuse it.
                    rule.services.removeAll { if case .named(let name) = $0 { !defined.contains(name) } else { false } }
                    return rule
                }
            }
        }
        return result
    }

    private func renamed(_ end: EndExpression) -> EndExpression {
        switch end {
        case .any, .anyWorkload, .addresses: end
        case .selector(let selector):
            settled.simplified(selector) == .all ? .anyWorkload : .selector(settled.simplified(selector))
        case .workload(let id): .workload(workloadNames[id] ?? id)
        case .addressSet(let id): .addressSet(setNames[id] ?? id)
        case .union(let parts): .union(parts.map(renamed))
        case .intersection(let parts): .intersection(parts.map(renamed))
        case .difference(let whole, let hole): .difference(renamed(whole), renamed(hole))
        }
    }
}

/// Labels that reading a dialect gives to all workloads, or to none, so that asking for them tells nobody apart.
private struct SettledLabels {
    private var everywhere: Set<LabelKey> = []
    private var nowhere: Set<LabelKey> = []

    init() {}

    init(_ workloads: [Workload]) {
        guard !workloads.isEmpty else { return }
        if let key = RulesetPlan.namespaceKey, workloads.allSatisfy({ $0.labels[key] != nil }) { everywhere = [key] }
        nowhere = KubernetesText.ownLabels.filter { key in workloads.allSatisfy { $0.labels[key] == nil } }
    }

    func simplified(_ selector: Selector) -> Selector {
        switch selector {
        case .exists(let key): everywhere.contains(key) ? .all : selector
        case .notExists(let key): nowhere.contains(key) ? .all : selector
        case .and(let parts): .joined(parts.map(simplified))
        case .all, .equals, .notEquals, .isIn, .notIn, .not, .or: selector
        }
    }
}
