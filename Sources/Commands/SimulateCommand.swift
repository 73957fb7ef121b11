import ArgumentParser
import Dialects
import FlowAnalysis
import Flows
import Foundation
import NetworkTypes
import PolicyEngine
import PolicyModel
import Reports

/// `bulkhead policy simulate`: what a draft would do to the traffic that was observed.
struct PolicySimulateCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Show what a draft would break and open, by the traffic of the past.",
        discussion: """
            Every edge of the history is judged under both policies, for the workloads that held its addresses when it \
            was seen (`workloads record`), with labels as of now. What a policy cannot tell stands apart and never counts as broken. An edge whose direction only its log states (no socket, no \
            handshake, no connection tracking) is judged both ways, and stands apart when they come to different \
            ends. With --watch the answer comes again whenever the draft is saved, with what that changed. Exit code 1: \
            something would break.
            """)

    /// The words for `InventoryHistory.LabelTime`.
    enum LabelTime: String, ExpressibleByArgument, CaseIterable {
        case now, then
    }

    @OptionGroup var active: PolicyOption
    @OptionGroup var draft: DraftOption
    @OptionGroup var history: FlowsHistoryOptions
    @OptionGroup var verdicts: ViewOption
    @Option(help: "The labels of workloads: as of now, or of then, as recorded.")
    var labels = LabelTime.now
    @Option(help: "How many edges of a kind the tables show; JSON has all.")
    var top = 40
    @Flag(help: "Answer again whenever the draft is saved, until interrupted.")
    var watch = false
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func validate() throws {
        if top < 1 { throw ValidationError("expected a number from 1 for --top, got `\(top)`") }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let active = try context.loadPolicy(self.active)
        var seen = DraftState(draft)
        guard let new = try context.loadDraft(draft, beside: self.active) else {
            throw CommandError("expected --draft PATH or --draft-from DIALECT PATH")
        }
        let records = try history.history.inventories()
        if labels == .then, records.isEmpty {
            throw CommandError("expected a recorded inventory for --labels then; `bulkhead workloads record` keeps one")
        }
        let edges = try history.edges(in: context, withDirections: true)
        func past(beside draft: AskedPolicy) throws -> SimulatedPast {
            let inventory = InventoryHistory(
                records, present: [active.workloads, draft.workloads], labels: labels == .then ? .then : .now)
            return try SimulatedPast(edges, active, inventory) {
                try history.history.edges(in: context, withDirections: true, inside: $0)
            }
        }
        var watched = WatchedDraft(new, try past(beside: new), instant, verdicts.view)
        var last = watched.simulation.first
        var status = try tell(last, new, active, watched.past, instant, context)
        guard watch else { return status }
        try context.flush()
        watched.simulation.prepare(at: instant)
        while context.pause() {
            let state = DraftState(draft)
            if state == seen { continue }
            seen = state
            do {
                guard let new = try context.loadDraft(draft, beside: self.active) else { continue }
                let next: Simulation
                if let quick = watched.simulation(of: new, at: instant) {
                    next = quick
                } else {
                    watched = WatchedDraft(new, try past(beside: new), instant, verdicts.view)
                    next = watched.simulation.first
                }
                status = try tell(next, new, active, watched.past, instant, context)
                if output.format == .text { try tellChange(from: last, to: next, context) }
                last = next
            } catch let error as CommandError {
                // The next save may mend it.
                try context.note("bulkhead: error: \(TerminalText.line(error.message))")
            }
            try context.flush()
        }
        return status
    }

    private func tell(
        _ simulation: Simulation, _ new: AskedPolicy, _ active: AskedPolicy, _ past: SimulatedPast, _ instant: Instant,
        _ context: CommandContext
    ) throws -> ExitStatus {
        let names = SimulateNames(new, active, past.inventory)
        switch output.format {
        case .text: try SimulateText(context, names, top: top).print(simulation)
        case .json, .jsonl: try context.printJSON(SimulateJSON(simulation, names, at: instant), output.format)
        }
        return simulation.breaksSomething ? .found : max(active.status, new.status)
    }

    /// Says what a save changed, in edges that may break.
    private func tellChange(from before: Simulation, to after: Simulation, _ context: CommandContext) throws {
        func broken(_ simulation: Simulation) -> Set<EdgeKey> {
            Set(simulation.edges.filter(\.mayBreak).map(\.edge.key))
        }
        let (old, new) = (broken(before), broken(after))
        try context.say(
            "saved again: \(FlowsAmount.text(new.subtracting(old).count, "edge")) more would break, "
                + "\(old.subtracting(new).count) no longer; \(new.count) in all")
    }
}

/// The files of a draft as they were at one moment: a save shows in their times or lengths.
private struct DraftState: Equatable {
    private var files: [String: [Int]] = [:]

    init(_ option: DraftOption) {
        for path in option.draftFrom + (option.draft.map { [$0] } ?? []) {
            add(path)
            for file in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] { add(path + "/" + file) }
        }
    }

    private mutating func add(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        files[path] = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, Int(status.st_size), Int(status.st_ino)]
    }
}

/// A draft that is saved again and again, with what it would do: a changed rule is judged for what it can touch alone.
private struct WatchedDraft {
    private let policy: FlatPolicy
    private let workloads: [Workload]
    let past: SimulatedPast
    var simulation: DraftSimulation

    init(_ draft: AskedPolicy, _ past: SimulatedPast, _ instant: Instant, _ view: VerdictView) {
        (policy, workloads, self.past) = (draft.policy, draft.workloads, past)
        simulation = DraftSimulation(past.parts(with: draft), at: instant, view: view)
    }

    /// What the draft would do as it is now; nil where it differs in more than rules.
    mutating func simulation(of draft: AskedPolicy, at instant: Instant) -> Simulation? {
        guard draft.workloads == workloads, let changes = PolicyChange.rules(from: policy, to: draft.policy) else {
            return nil
        }
        return simulation.simulation(after: changes, at: instant)
    }
}

/// The observed edges, divided by when their addresses belonged to whom.
struct SimulatedPast {
    /// The edges of one period, with the active policy on its workloads; without a period those that are the same in all.
    struct Part {
        let period: InventoryHistory.Period?
        let edges: [ObservedEdge]
        let active: PolicyEngine
    }

    let inventory: InventoryHistory
    private let active: AskedPolicy
    private var parts: [Part]

    /// Asks for the edges of a period only where some of all may belong to others then.
    init(
        _ edges: [ObservedEdge], _ active: AskedPolicy, _ inventory: InventoryHistory,
        during: (Range<Instant>) throws -> [ObservedEdge]
    ) rethrows {
        func hasChanged(_ edge: ObservedEdge) -> Bool {
            inventory.changed.contains(edge.key.source) || inventory.changed.contains(edge.key.destination)
        }
        (self.active, self.inventory) = (active, inventory)
        parts = [Part(period: nil, edges: edges.filter { !hasChanged($0) }, active: active.engine())]
        let changed = edges.filter(hasChanged)
        guard let first = changed.map(\.firstSeen).min(), let last = changed.map(\.lastSeen).max() else { return }
        for period in inventory.periods where period.range.lowerBound <= last && period.range.upperBound > first {
            let found = try during(period.range).filter(hasChanged)
            guard !found.isEmpty else { continue }
            parts.append(
                Part(period: period, edges: found, active: active.engine(with: workloads(of: active, period))))
        }
    }

    /// The parts beside a draft.
    func parts(with draft: AskedPolicy) -> [Simulation.Part] {
        parts.map { part in
            let engine = part.period.map { draft.engine(with: workloads(of: draft, $0)) } ?? draft.engine()
            return Simulation.Part(edges: part.edges, active: part.active, draft: engine)
        }
    }

    private func workloads(of policy: AskedPolicy, _ period: InventoryHistory.Period) -> [Workload] {
        inventory.workloads(policy.workloads, in: period)
    }
}

/// What addresses and rules are called: by the draft, else by the active policy.
struct SimulateNames {
    private var workloads: [IPAddress: String] = [:]
    private let inventory: InventoryHistory?
    private let present: Set<WorkloadID>
    let draft: PolicyIndex
    let active: PolicyIndex

    init(_ draft: AskedPolicy, _ active: AskedPolicy, _ inventory: InventoryHistory? = nil) {
        self.draft = draft.index
        self.active = active.index
        self.inventory = inventory
        present = Set((draft.workloads + active.workloads).map(\.id))
        for policy in [active, draft] {
            var owners: [IPAddress: [String]] = [:]
            for workload in policy.workloads {
                let name = policy.index.name(of: workload.id)
                for address in workload.addresses { owners[address, default: []].append(name) }
            }
            for (address, names) in owners { workloads[address] = names.sorted().joined(separator: "+") }
        }
    }

    /// Whether labels are as of now, or of then.
    var labels: InventoryHistory.LabelTime { inventory?.labels ?? .now }
    /// How many addresses belonged to others once.
    var changedAddresses: Int { inventory?.changed.count ?? 0 }

    /// The name of the workload that had the address at an instant, or has it now, else nil.
    func workload(_ address: IPAddress, at instant: Instant? = nil) -> String? {
        guard let instant, let owners = inventory?.owners(of: address, at: instant) else { return workloads[address] }
        let names = owners.map { id in
            present.contains(id) ? active.name(of: id) : "\(id.rawValue) (gone)"
        }
        return names.isEmpty ? nil : names.joined(separator: "+")
    }

    /// The name of the workload that had the address, else the address.
    func end(_ address: IPAddress, at instant: Instant? = nil) -> String {
        workload(address, at: instant) ?? address.description
    }
}

extension Verdict {
    /// Which end turns the flow away, `source`, `destination` or `both`; nil when none does.
    var denyingEnd: String? {
        switch (source.kind == .denied, destination.kind == .denied) {
        case (true, true): "both"
        case (true, false): "source"
        case (false, true): "destination"
        case (false, false): nil
        }
    }

    /// What turns the flow away, source before destination (semantics §1).
    var denier: Decider? {
        if source.kind == .denied { return source.decider }
        return destination.kind == .denied ? destination.decider : nil
    }

    /// What decided, in a few words: the denying rule with its end, else what both ends went by.
    var decidedText: String {
        if let denier, let denyingEnd { return "\(denier.name) (\(denyingEnd == "both" ? "both ends" : denyingEnd))" }
        let names = [source, destination].filter { $0.kind != .notGoverned }.map(\.decider.name)
        guard let first = names.first else { return "not governed" }
        return names.allSatisfy { $0 == first } ? first : names.joined(separator: ", ")
    }
}
