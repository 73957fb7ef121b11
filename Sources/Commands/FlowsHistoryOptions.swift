import ArgumentParser
import FlowAnalysis
import FlowStore
import Flows
import Foundation
import NetworkTypes
import PolicyModel

/// The flow history that a command looks at.
struct FlowsHistoryOptions: ParsableArguments {
    @Option(help: "The data directory that `flows import` filled.")
    var data: String
    @OptionGroup var window: FlowsWindowOptions

    /// The edges of the window, in order of their key; where asked for, with what tells their direction.
    ///
    /// Says which addresses belonged to others than these workloads once.
    func edges(
        in context: CommandContext, withDirections: Bool = false, takenFor workloads: [Workload] = []
    ) throws -> [ObservedEdge] {
        try history.edges(in: context, withDirections: withDirections, takenFor: workloads)
    }

    /// The history that is meant.
    var history: FlowsHistory { FlowsHistory(data: data, window: window) }
}

/// The flow history that a command may look at besides.
struct FlowsEvidenceOptions: ParsableArguments {
    @Option(help: "A data directory that `flows import` filled: say what was observed too.")
    var data: String?
    @OptionGroup var window: FlowsWindowOptions

    func validate() throws {
        if data == nil, window.since != nil || window.until != nil {
            throw ValidationError("expected --data beside --since and --until")
        }
    }

    /// The edges of the window with what tells their direction; nil when no history is asked.
    ///
    /// Says which addresses belonged to others than these workloads once.
    func edges(in context: CommandContext, takenFor workloads: [Workload]) throws -> [ObservedEdge]? {
        try data.map {
            try FlowsHistory(data: $0, window: window).edges(in: context, withDirections: true, takenFor: workloads)
        }
    }
}

/// Which part of a history.
struct FlowsWindowOptions: ParsableArguments {
    @Option(help: "Only connections that began at this time or later, such as 2026-11-22T10:00:00Z.")
    var since: String?
    @Option(help: "Only connections that began before this time.")
    var until: String?

    /// The time asked for; nil for all.
    func range() throws -> Range<Instant>? {
        if since == nil, until == nil { return nil }
        let lower = try since.map { try TimeOption.instant($0, for: "--since") } ?? Instant(rawValue: .min)
        let upper = try until.map { try TimeOption.instant($0, for: "--until") } ?? Instant(rawValue: .max)
        guard lower < upper else {
            throw CommandError("expected --since before --until, got `\(since ?? "")` and `\(until ?? "")`")
        }
        return lower..<upper
    }
}

/// The flows of a data directory in a window of time.
struct FlowsHistory {
    let data: String
    let window: FlowsWindowOptions

    /// The edges of the window, in order of their key; where asked for, with what tells their direction.
    ///
    /// Says which addresses belonged to others than these workloads once.
    func edges(
        in context: CommandContext, withDirections: Bool, takenFor workloads: [Workload]
    ) throws -> [ObservedEdge] {
        let edges = try edges(in: context, withDirections: withDirections, during: window.range())
        if edges.isEmpty { try context.note("no connection began in the window: nothing is known of any traffic") }
        try noteMoves(edges, workloads, in: context)
        return edges
    }

    /// The edges of a part of the window.
    func edges(in context: CommandContext, withDirections: Bool, inside period: Range<Instant>) throws -> [ObservedEdge]
    {
        let range = try window.range()?.clamped(to: period) ?? period
        return range.isEmpty ? [] : try edges(in: context, withDirections: withDirections, during: range)
    }

    /// The inventories that `workloads record` kept.
    func inventories() throws -> [InventoryRecord] {
        guard FileManager.default.fileExists(atPath: data + "/" + FlowStore.fileName) else { return [] }
        return try FlowStore(directory: data).inventories().map { record in
            InventoryRecord(time: record.time, workloads: try record.workloads.map(Self.workload))
        }
    }

    /// Says how many addresses of the edges belonged to others than these workloads once, by what was recorded.
    private func noteMoves(_ edges: [ObservedEdge], _ workloads: [Workload], in context: CommandContext) throws {
        guard !workloads.isEmpty, !edges.isEmpty else { return }
        let changed = InventoryHistory(try inventories(), present: [workloads], labels: .now).changed
        let moved = Set(edges.flatMap { [$0.key.source, $0.key.destination] }).intersection(changed).count
        guard moved > 0 else { return }
        try context.note(
            "\(moved == 1 ? "1 address" : "\(moved) addresses") changed hands, and \(moved == 1 ? "is" : "are") taken for whom "
                + "\(moved == 1 ? "it belongs" : "they belong") to now; `policy simulate` judges for whom it was then")
    }

    private static func workload(_ stored: StoredWorkload) throws -> Workload {
        var labels: Labels = [:]
        for (key, value) in stored.labels {
            guard let key = LabelKey(key), let value = LabelValue(value) else {
                throw CommandError("the recorded inventory has a label that is none: `\(key)`")
            }
            labels[key] = value
        }
        let addresses = try stored.addresses.map { text in
            guard let address = IPAddress(text) else {
                throw CommandError("the recorded inventory has an address that is none: `\(text)`")
            }
            return address
        }
        return Workload(id: WorkloadID(rawValue: stored.id), labels: labels, addresses: addresses)
    }

    private func edges(
        in context: CommandContext, withDirections: Bool, during window: Range<Instant>?
    ) throws -> [ObservedEdge] {
        // The store would make what is not there, and answer that nobody ever talked.
        guard FileManager.default.fileExists(atPath: data + "/" + FlowStore.fileName) else {
            throw CommandError("no flows in `\(data)`; `bulkhead flows import FILE --data \(data)` brings them in")
        }
        try context.progress("reading \(TerminalText.line(data))")
        let store = try FlowStore(directory: data)
        var edges = try store.edges(window: window).map { edge in
            ObservedEdge(
                key: edge.key, connections: edge.connections, failed: edge.failed,
                bytes: Self.sum(edge.initiator.bytes, edge.responder.bytes), firstSeen: edge.firstSeen,
                lastSeen: edge.lastSeen, direction: edge.direction)
        }
        if withDirections { try addDirections(to: &edges, store, window) }
        try context.progress(nil)
        return edges
    }

    /// The edges of the window with the beginnings of their connections, in order of their key.
    ///
    /// Says which addresses belonged to others than these workloads once.
    func timedEdges(in context: CommandContext, takenFor workloads: [Workload]) throws -> [TimedEdge] {
        var timed = try edges(in: context, withDirections: true, takenFor: workloads).map { TimedEdge($0) }
        var places: [EdgeKey: Int] = [:]
        for (place, edge) in timed.enumerated() { places[edge.edge.key] = place }
        let range = try window.range()
        try context.progress("reading connections")
        // In order of their start.
        try FlowStore(directory: data).forEachConnection(startingIn: range) { connection in
            guard let place = places[connection.edge] else { return }
            timed[place].starts.append(connection.start)
        }
        try context.progress(nil)
        return timed
    }

    /// Looks at each connection of the edges whose direction only a log states.
    private func addDirections(
        to edges: inout [ObservedEdge], _ store: FlowStore, _ window: Range<Instant>?
    ) throws {
        var places: [EdgeKey: Int] = [:]
        for (place, edge) in edges.enumerated() where !edge.hasCertainDirection { places[edge.key] = place }
        if places.isEmpty { return }
        try store.forEachConnection(startingIn: window) { connection in
            guard let place = places[connection.edge] else { return }
            edges[place].addEvidence(initiatorPort: connection.sourcePort, state: connection.state)
        }
    }

    private static func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
        guard let a else { return b }
        let (sum, over) = a.addingReportingOverflow(b ?? 0)
        return over ? .max : sum
    }
}
