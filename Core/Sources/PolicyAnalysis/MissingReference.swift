import NetworkTypes
public import PolicyModel

/// Something that a policy names and that matches nothing.
public enum MissingReference: Hashable, Sendable {
    /// A selector that holds for no workload.
    case selector(Selector)
    /// A workload that does not exist.
    case workload(WorkloadID)
    /// An address set that is not defined.
    case undefinedSet(AddressSetID)
    /// An address set, by its name, without a member.
    case emptySet(AddressSetID)
    /// A literal set without a member.
    case emptyAddresses
    /// A port name that no workload has.
    case portName(PortName)
}

extension MissingReference: CustomStringConvertible {
    /// The reference as a person would name it.
    public var description: String {
        switch self {
        case .selector(let selector): "selector `\(selector)`"
        case .workload(let id): "workload `\(id)`"
        case .undefinedSet(let id): "address set `\(id)`, which is not defined"
        case .emptySet(let id): "address set `\(id)`, which is empty"
        case .emptyAddresses: "an empty list of addresses"
        case .portName(let name): "port name `\(name)`"
        }
    }
}

/// Finds what references match nothing among some workloads and sets.
struct ReferenceCheck {
    private let workloads: [Workload]
    private let names: Set<WorkloadID>
    private let ports: Set<PortName>
    private let sets: [AddressSetID: AddressSet]
    /// The workloads of each label, by their places.
    private var labelled: [LabelKey: [LabelValue: [Int]]] = [:]
    private var known: [EndExpression: [MissingReference]] = [:]
    private var knownSelectors: [Selector: Bool] = [:]

    init(_ workloads: [Workload], _ sets: [AddressSetID: AddressSet]) {
        self.workloads = workloads
        self.sets = sets
        names = Set(workloads.map(\.id))
        ports = Set(workloads.flatMap { $0.namedPorts.filter { !$0.value.isEmpty }.keys })
        for (place, workload) in workloads.enumerated() {
            for (key, value) in workload.labels { labelled[key, default: [:]][value, default: []].append(place) }
        }
    }

    /// What an expression names in vain, in the order in which it is written.
    mutating func missing(_ expression: EndExpression) -> [MissingReference] {
        if let found = known[expression] { return found }
        let found: [MissingReference]
        switch expression {
        case .any, .anyWorkload: found = []
        case .selector(let selector): found = hasMember(selector) ? [] : [.selector(selector)]
        case .workload(let id): found = names.contains(id) ? [] : [.workload(id)]
        case .addressSet(let id):
            found = sets[id].map { $0.isEmpty ? [.emptySet(id)] : [] } ?? [.undefinedSet(id)]
        case .addresses(let set): found = set.isEmpty ? [.emptyAddresses] : []
        case .union(let parts), .intersection(let parts): found = parts.flatMap { missing($0) }
        case .difference(let first, let second): found = missing(first) + missing(second)
        }
        known[expression] = found
        return found
    }

    /// The port names that services use and nobody has.
    func missing(_ services: [ServiceTerm]) -> [MissingReference] {
        services.compactMap { term in
            if case .named(let name) = term, !ports.contains(name) { return .portName(name) }
            return nil
        }
    }

    private mutating func hasMember(_ selector: Selector) -> Bool {
        if let found = knownSelectors[selector] { return found }
        let found: Bool
        if let candidates = candidates(selector) {
            found = candidates.contains { selector.matches(workloads[$0].labels) }
        } else {
            found = workloads.contains { selector.matches($0.labels) }
        }
        knownSelectors[selector] = found
        return found
    }

    /// The workloads among which all members are, when a label says so; nil for all.
    private func candidates(_ selector: Selector) -> [Int]? {
        switch selector {
        case .equals(let key, let value): labelled[key]?[value] ?? []
        case .and(let parts): parts.compactMap(candidates).min { $0.count < $1.count }
        case .all, .notEquals, .isIn, .notIn, .exists, .notExists, .not, .or: nil
        }
    }
}
