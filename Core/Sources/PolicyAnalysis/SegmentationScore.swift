public import NetworkTypes
import PolicyEngine
public import PolicyModel

/// How well a network is divided, as a number whose parts anybody can count again.
///
/// Each part is a share, `numerator / denominator`, that is 1 where nothing is left to do. The score is the sum of
/// weight × share over the sum of the weights, in percent. Parts with nothing to count are left out, weight and all.
public struct SegmentationScore: Sendable {
    /// What is counted.
    public enum Measure: String, Hashable, Sendable, CaseIterable {
        /// Of the ordered pairs of different workloads, those of which the first may open no connection to the second.
        case separatedPairs
        /// Of the same pairs, those of which the first does not reach the second in any number of hops: what the mean
        /// blast radius leaves.
        case meanBlastRadius
        /// Of the other workloads, those that an intruder on the worst workload does not reach in any number of hops.
        case largestBlastRadius
        /// Of the pairs of another workload and a crown jewel, those of which the first does not reach the jewel in any
        /// number of hops.
        case crownJewels
        /// Of the workloads, those whose agent is in mode selective or full; counted where agents enforce anything.
        case enforcement
        /// Of the workloads, those to which no address of the internet may open a connection.
        case internet

        /// How much it counts; all together 100.
        public var weight: Int {
            switch self {
            case .separatedPairs, .meanBlastRadius, .crownJewels: 20
            case .largestBlastRadius: 10
            case .enforcement, .internet: 15
            }
        }
    }

    /// One share.
    public struct Part: Hashable, Sendable {
        /// What is counted.
        public let measure: Measure
        /// How many are as they should be.
        public let numerator: Int
        /// How many there are; more than 0.
        public let denominator: Int

        /// The share, from 0 to 1.
        public var share: Double { Double(numerator) / Double(denominator) }
        /// What it adds: weight × share.
        public var points: Double { Double(measure.weight) * share }
    }

    /// The parts that have something to count, in the order of `Measure`.
    public let parts: [Part]
    /// Of how many workloads it speaks.
    public let workloads: Int
    /// The workload from which most others are reached, the first by name; nil when nobody reaches anybody.
    public let worst: WorkloadID?
    /// To whom an address of the internet may open a connection, by name.
    public let openToInternet: [WorkloadID]

    /// From 0 to 100; nil when there is nothing to count.
    public var total: Double? {
        let weights = parts.map(\.measure.weight).reduce(0, +)
        return weights > 0 ? 100 * parts.map(\.points).reduce(0, +) / Double(weights) : nil
    }

    /// Counts; everything that may flow counts as flowing, as for a breach.
    ///
    /// Cost: the square of the classes, and a bit for each pair of groups of workloads that policy cannot tell apart.
    ///
    /// - Parameters:
    ///   - connectivity: What makes hops; a score is about the effective view.
    ///   - jewels: Who is a crown jewel, by labels.
    ///   - internet: What counts as the internet.
    ///   - services: What can make a connection.
    public init(
        _ connectivity: Connectivity, jewels: Selector, internet: AddressSet = .internet, on services: ServiceSet = .all
    ) {
        var graph = WorkloadGraph(connectivity, services)
        let closure = GroupClosure(&graph)
        let count = graph.workloads.count
        let sizes = graph.groups.map(\.count)
        var jewelsOf = [Int](repeating: 0, count: sizes.count)
        var enforcing = 0
        for workload in connectivity.engine.workloads {
            guard let place = graph.place(of: workload.id) else { continue }
            if jewels.matches(workload.labels) { jewelsOf[graph.group(of: place)] += 1 }
            if workload.mode?.enforces == true { enforcing += 1 }
        }
        var (connected, reached, most, jewelPaths) = (0, 0, 0, 0)
        var worst: Int?
        for group in sizes.indices {
            let size = sizes[group]
            for next in closure.successors[group].members {
                connected += size * (next == group ? size - 1 : sizes[next])
            }
            // Nobody reaches themselves.
            let within = closure.reached(from: group)
            let radius = within.map { $0 == group ? size - 1 : sizes[$0] }.reduce(0, +)
            reached += size * radius
            for next in within { jewelPaths += jewelsOf[next] * (next == group ? size - 1 : size) }
            if radius > most {
                most = radius
                worst = graph.groups[group].first
            }
        }
        let open = graph.groups(openTo: internet).flatMap { graph.groups[$0] }.sorted()
        let pairs = count * max(0, count - 1)
        let jewelPairs = jewelsOf.reduce(0, +) * max(0, count - 1)
        let hasAgents = connectivity.engine.layers.contains { $0.source.enforcer == .agent }
        let counted: [(Measure, Int, Int)] = [
            (.separatedPairs, pairs - connected, pairs), (.meanBlastRadius, pairs - reached, pairs),
            (.largestBlastRadius, count - 1 - most, count - 1), (.crownJewels, jewelPairs - jewelPaths, jewelPairs),
            (.enforcement, enforcing, hasAgents ? count : 0), (.internet, count - open.count, count),
        ]
        parts = counted.filter { $0.2 > 0 }.map { Part(measure: $0.0, numerator: $0.1, denominator: $0.2) }
        workloads = count
        self.worst = worst.map { graph.workloads[$0] }
        openToInternet = open.map { graph.workloads[$0] }
    }
}
