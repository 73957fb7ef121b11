import PolicyModel

/// Finds the workloads of a selector without asking each of them.
struct LabelIndex {
    private let workloads: [Workload]
    /// The workloads with a label of this value, by their place in `workloads`, ascending.
    private var places: [LabelKey: [LabelValue: [Int]]] = [:]

    init(_ workloads: [Workload]) {
        self.workloads = workloads
        for (place, workload) in workloads.enumerated() {
            for (key, value) in workload.labels { places[key, default: [:]][value, default: []].append(place) }
        }
    }

    /// The workloads that the selector holds for, in their order; costs as much as its rarest equality has workloads.
    func members(of selector: Selector) -> [Workload] {
        guard let candidates = candidates(selector) else {
            return workloads.filter { selector.matches($0.labels) }
        }
        return candidates.map { workloads[$0] }.filter { selector.matches($0.labels) }
    }

    /// Places among which all members are, or nil where every workload must be asked.
    private func candidates(_ selector: Selector) -> [Int]? {
        switch selector {
        case .equals(let key, let value): return places[key]?[value] ?? []
        case .isIn(let key, let values):
            // A workload has one value of a dimension; a value that is written twice must not count twice.
            return Set(values).flatMap { places[key]?[$0] ?? [] }.sorted()
        case .and(let parts): return parts.compactMap { candidates($0) }.min { $0.count < $1.count }
        case .or(let parts):
            var all = Set<Int>()
            for part in parts {
                guard let some = candidates(part) else { return nil }
                all.formUnion(some)
            }
            return all.sorted()
        case .all, .notEquals, .notIn, .exists, .notExists, .not: return nil
        }
    }
}
