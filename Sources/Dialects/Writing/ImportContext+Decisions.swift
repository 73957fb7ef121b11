import NetworkTypes
import PolicyAnalysis
import PolicyModel

extension ImportContext {
    /// Allow rules made from what the policy decides between every two classes of ends.
    func byDecisions() -> Policy {
        var namer = EndNamer(table, workloads)
        var boxes: [FlowBox] = []
        // Destinations that the same sources reach by the same traffic are one.
        var reached: [[Inflow]: [Int]] = [:]
        var order: [[Inflow]] = []
        for number in comparison.classes.indices {
            let inflows = inflows(to: number)
            if reached[inflows] == nil { order.append(inflows) }
            reached[inflows, default: []].append(number)
        }
        for inflows in order where !inflows.isEmpty {
            let to = namer.name(members(reached[inflows] ?? []))
            for inflow in inflows {
                let from = namer.name(members(inflow.sources))
                boxes.append(
                    FlowBox(from: from, to: to, relations: [], services: TrafficServices(inflow.traffic), origins: []))
            }
        }
        return assembled(allows: boxes, guardrails: [])
    }

    /// What reaches a class: traffic with the classes that send it.
    private struct Inflow: Hashable {
        var traffic: ServiceSet
        var sources: [Int]
    }

    private func inflows(to number: Int) -> [Inflow] {
        var order: [ServiceSet] = []
        var sources: [ServiceSet: [Int]] = [:]
        for place in comparison.classes.indices {
            guard let traffic = comparison.traffic(original, place, number), !traffic.isEmpty else { continue }
            if sources[traffic] == nil { order.append(traffic) }
            sources[traffic, default: []].append(place)
        }
        return order.map { Inflow(traffic: $0, sources: sources[$0] ?? []) }
    }

    private func members(_ groups: [Int]) -> MemberSet {
        let numbers = Set(groups.flatMap { comparison.classes[$0].numbers })
        return MemberSet(count: table.universe.members.count, where: numbers.contains)
    }
}

/// Finds words for sets of ends: expressions of the original where they fit, then labels, then names and addresses.
struct EndNamer {
    private let table: EndTable
    private let candidates: [EndSet]
    private var known: [MemberSet: EndSet] = [:]

    init(_ table: EndTable, _ workloads: [Workload]) {
        self.table = table
        var labels: [LabelKey: Set<LabelValue>] = [:]
        for workload in workloads {
            for (key, value) in workload.labels { labels[key, default: []].insert(value) }
        }
        let byLabel = labels.keys.sorted().flatMap { key in
            (labels[key] ?? []).sorted().map { EndExpression.selector(.equals(key, $0)) }
        }
        let plain = table.expressions.filter { if case .selector = $0 { true } else { false } }
        candidates = ([.anyWorkload] + plain + byLabel).map { table[$0] }.filter { !$0.members.isEmpty }
    }

    /// An expression that holds for exactly these ends.
    mutating func name(_ members: MemberSet) -> EndSet {
        if let found = known[members] { return found }
        let result = make(members)
        known[members] = result
        return result
    }

    private func make(_ members: MemberSet) -> EndSet {
        let universe = table.universe
        let any = table[.any]
        if members == any.members { return any }
        if let one = candidates.first(where: { $0.members == members }) { return one }
        var parts: [EndExpression] = []
        var open = members.intersection(universe.owned)
        while !open.isEmpty {
            // The candidate that says most without saying too much.
            let best = candidates.filter { $0.members.isSubset(of: members) && !$0.members.isDisjoint(with: open) }
                .max { $0.members.intersection(open).numbers.count < $1.members.intersection(open).numbers.count }
            guard let best, best.members.intersection(open).numbers.count > 1 else { break }
            parts.append(best.expression)
            open = open.subtracting(best.members)
        }
        for number in open.numbers {
            let end = universe.members[number]
            guard let owner = end.owner else { continue }
            let whole = table[.workload(owner.id)]
            let named = EndExpression.workload(owner.id)
            let part =
                whole.members.isSubset(of: members)
                ? named : .intersection([named, .addresses(AddressSet([Prefix(end.address)]))])
            if !parts.contains(part) { parts.append(part) }
        }
        var region = AddressSet()
        for number in members.subtracting(universe.owned).numbers {
            region = region.union(universe.members[number].region)
        }
        if !region.isEmpty { parts.append(.difference(.addresses(region), .anyWorkload)) }
        return EndSet(expression: parts.count == 1 ? parts[0] : .union(parts), members: members)
    }
}
