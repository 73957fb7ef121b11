public import NetworkTypes
import PolicyEngine
public import PolicyModel

/// How far an intruder on a workload gets, hop by hop, over what may flow.
///
/// A hop is a connection that a workload in the intruder's hands may open to another, which is in their hands then.
/// Everything that may flow counts, so an unknown condition counts as met and an uncertain rule as the intruder would
/// like it (semantics §4, §7). What is outside is reached but is no step to elsewhere.
public struct Breach: Sendable {
    /// A workload that the intruder reaches.
    public struct Reached: Hashable, Sendable {
        /// The workload.
        public let workload: WorkloadID
        /// The fewest hops in which it may be reached, from 1.
        public let hops: Int
        /// The fewest hops in which it is reached for sure, never fewer than `hops`; nil when it is not.
        public let sureHops: Int?
        /// The workload before it on a shortest path; the first by name of those that there are, of a sure path where
        /// one is as short.
        public let previous: WorkloadID
        /// What flows from there to here.
        public let traffic: Traffic
    }

    /// One connection of a path.
    public struct Step: Hashable, Sendable {
        /// Who opens it.
        public let from: WorkloadID
        /// Who is reached.
        public let to: WorkloadID
        /// What may flow.
        public let traffic: Traffic
    }

    /// Addresses that no workload has, to which the first workload may send the same.
    public struct Exit: Hashable, Sendable {
        /// The addresses, ascending.
        public let ranges: [AddressRange]
        /// What may flow there.
        public let traffic: Traffic
    }

    /// Where the intruder is.
    public let start: WorkloadID
    /// Who is reached, by hops, then name.
    public let reached: [Reached]
    /// How many other workloads there are.
    public let others: Int
    /// Where data may go from the first workload, in one hop; by first address.
    public let exits: [Exit]
    /// Workloads that are not reached, but to which essential traffic may flow from the first or one that is; by name.
    public let onlyEssential: [WorkloadID]
    private let placeOf: [WorkloadID: Int]

    /// Follows an intruder; nil when there is no such workload.
    ///
    /// Cost: what the rows of all classes cost; workloads count only where they are listed.
    ///
    /// - Parameters:
    ///   - start: Where the intruder is.
    ///   - connectivity: What makes hops; breach is about the effective view.
    ///   - essential: The same with the essential traffic of every host, which takes no host over; nil when
    ///     `connectivity` has it or nothing is to be said of it.
    ///   - services: What can make a hop.
    public init?(
        from start: WorkloadID, over connectivity: Connectivity, essential: Connectivity? = nil,
        on services: ServiceSet = .all
    ) {
        var graph = WorkloadGraph(connectivity, services)
        guard let place = graph.place(of: start) else { return nil }
        self.start = start
        others = graph.workloads.count - 1
        let may = BreachSearch(&graph, from: place, .may)
        let must = BreachSearch(&graph, from: place, .must)
        var found: [Reached] = []
        for group in graph.groups.indices where may.hops[group] > 0 {
            let isSure = must.hops[group] == may.hops[group]
            let before = isSure ? must.previous[group] : may.previous[group]
            let traffic = graph.traffic(from: graph.group(of: before), to: group)
            for member in graph.groups[group] where member != place {
                found.append(
                    Reached(
                        workload: graph.workloads[member], hops: may.hops[group],
                        sureHops: must.hops[group] > 0 ? must.hops[group] : nil, previous: graph.workloads[before],
                        traffic: traffic))
            }
        }
        found.sort { $0.hops == $1.hops ? $0.workload < $1.workload : $0.hops < $1.hops }
        reached = found
        var places: [WorkloadID: Int] = [:]
        for (number, entry) in found.enumerated() { places[entry.workload] = number }
        placeOf = places
        exits = Self.exits(graph.outgoing(of: graph.group(of: place)))
        onlyEssential = essential.map { Self.touched(by: [start] + found.map(\.workload), over: $0, services) } ?? []
    }

    /// What is known of a workload; nil when it is not reached, or is where the intruder is.
    public func reached(_ workload: WorkloadID) -> Reached? { placeOf[workload].map { reached[$0] } }

    /// A shortest path to a workload; none when it is not reached, or is where the intruder is.
    public func path(to workload: WorkloadID) -> [Step] {
        var steps: [Step] = []
        var next = reached(workload)
        while let here = next {
            steps.append(Step(from: here.previous, to: here.workload, traffic: here.traffic))
            next = reached(here.previous)
        }
        return steps.reversed()
    }

    private static func exits(_ found: [(end: End, traffic: Traffic)]) -> [Exit] {
        var numbers: [Traffic: Int] = [:]
        var kinds: [(ranges: [AddressRange], traffic: Traffic)] = []
        for (end, traffic) in found {
            if let known = numbers[traffic] {
                kinds[known].ranges += end.ranges
            } else {
                numbers[traffic] = kinds.count
                kinds.append((end.ranges, traffic))
            }
        }
        return kinds.map { Exit(ranges: AddressSet($0.ranges).ranges, traffic: $0.traffic) }
    }

    /// Who is not among these workloads but may get something from one of them.
    private static func touched(
        by workloads: [WorkloadID], over connectivity: Connectivity, _ services: ServiceSet
    ) -> [WorkloadID] {
        var graph = WorkloadGraph(connectivity, services)
        let held = Set(workloads.compactMap { graph.place(of: $0) })
        var isTouched = [Bool](repeating: false, count: graph.groups.count)
        for group in Set(held.map { graph.group(of: $0) }).sorted() {
            for next in graph.successors(of: group, .may) { isTouched[next] = true }
        }
        return graph.workloads.indices.filter { isTouched[graph.group(of: $0)] && !held.contains($0) }
            .map { graph.workloads[$0] }
    }
}

/// A breadth-first search from one workload over groups.
struct BreachSearch {
    /// For each group, in how many hops its members are reached, of the first group those that are others; 0 for never.
    private(set) var hops: [Int]
    /// For each group, the place of the workload before it: the first by name of those one hop nearer.
    private(set) var previous: [Int]

    init(_ graph: inout WorkloadGraph, from start: Int, _ certainty: WorkloadGraph.Certainty) {
        hops = Array(repeating: 0, count: graph.groups.count)
        previous = Array(repeating: start, count: graph.groups.count)
        let first = graph.group(of: start)
        var frontier = [(place: start, group: first)]
        var level = 0
        while !frontier.isEmpty {
            level += 1
            var next: [(place: Int, group: Int)] = []
            for (place, group) in frontier {
                for successor in graph.successors(of: group, certainty) where hops[successor] == 0 {
                    // Of the first group those are reached that are not the first workload.
                    guard let member = graph.groups[successor].first(where: { $0 != start }) else { continue }
                    hops[successor] = level
                    previous[successor] = place
                    // Who is like the first workload reaches what it reached.
                    if successor != first { next.append((member, successor)) }
                }
            }
            frontier = next.sorted { $0.place < $1.place }
        }
    }
}
