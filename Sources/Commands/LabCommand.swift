import ArgumentParser
import FlowAnalysis
import FlowFormats
import FlowStore
import Flows
import Lab
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead lab`: real hosts in network namespaces.
struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Try Bulkhead on real hosts in network namespaces.",
        subcommands: [LabRunCommand.self])
}

/// `bulkhead lab run`: one boundary from the first flow to the packet that no longer passes.
struct LabRunCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Show one boundary between three tiers, with real packets before and after.",
        discussion: """
            Everything happens in network namespaces that end with the command. Exit code 1: the kernel did something \
            else than the policy says.
            """)

    @Option(help: "Where captures, flow store and policy files stay; without it they are removed.")
    var directory: String?
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        try context.flush()
        try LabIsolation.enter()
        let tells = output.format == .text
        let stream = LabStream(context)
        let run = LabRun(steps: .asCommands, directory: directory) { event in
            if tells { stream.tell(event) }
        }
        let report = try run.run()
        try stream.check()
        if !tells { try context.printJSON(report, output.format) }
        return report.holds ? .fine : .found
    }
}

/// Prints events as they happen, on the one thread that the lab reports from.
private final class LabStream: @unchecked Sendable {
    // INVARIANT: used by one thread at a time: `LabRun.run` blocks its caller and reports from it.
    private let context: CommandContext
    private var failure: (any Error)?

    init(_ context: CommandContext) { self.context = context }

    func tell(_ event: LabEvent) {
        guard failure == nil else { return }
        do {
            for line in lines(event) { try context.print(line) }
            try context.flush()
        } catch { failure = error }
    }

    func check() throws { if let failure { throw failure } }

    private func lines(_ event: LabEvent) -> [String] {
        if case .step = event { event.lines.map { context.paint($0, .bold) } } else { event.lines }
    }
}

extension LabSteps {
    /// The steps done by the same code as the commands `flows import`, `map` and `policy simulate`.
    static var asCommands: LabSteps {
        LabSteps(importFlows: importing, map: mapping, simulate: simulating)
    }

    private static func importing(_ captures: [LabReport.Capture], _ data: String) throws -> LabTable {
        let store = try FlowStore(directory: data)
        var table = LabTable(columns: ["capture", "lines", "new connections", "seen before", "refused"], rows: [])
        for capture in captures {
            let report = try store.importFiles([capture.path], observationPoint: ObservationPoint(capture.host))
            for file in report.files {
                if let failure = file.failure { throw failure }
                table.rows.append([
                    capture.host, "\(file.lines.lines)", "\(file.newConnections)", "\(file.merged + file.duplicates)",
                    "\(file.lines.refusedLines)",
                ])
            }
        }
        return table
    }

    private static func edges(_ data: String) throws -> [ObservedEdge] {
        try FlowStore(directory: data).edges().map { $0.observed(initiatorPorts: [:]) }
    }

    private static func loaded(_ path: String) throws -> (policy: LoadedPolicy, engine: PolicyEngine) {
        let result = PolicyDirectory.load(path, now: now)
        guard let policy = result.policy else {
            throw CommandError(result.diagnostics.first?.text ?? "no policy in `\(path)`")
        }
        return (policy, PolicyEngine(workloads: policy.workloads, policy: policy.policy.lowered()))
    }

    private static var now: Instant { CommandContext.ofProcess().now }

    private static func mapping(_ data: String, _ policy: String) throws -> LabTable {
        let (loaded, engine) = try loaded(policy)
        let dimensions = ["app", "env", "role"].compactMap { LabelKey($0) }
        let map = FlowMap(
            try edges(data), workloads: loaded.workloads, addressSets: loaded.policy.addressSets, by: dimensions,
            engine: engine, at: now)
        return LabTable(
            columns: ["from", "to", "services", "connections"],
            rows: map.edges.map { edge in
                let services = edge.services.map { "\($0.service)" }.joined(separator: ", ")
                return ["\(edge.source)", "\(edge.destination)", services, "\(edge.total.connections)"]
            })
    }

    private static func simulating(_ active: String, _ draft: String, _ data: String) throws -> LabTable {
        let old = try loaded(active)
        let new = try loaded(draft)
        let names = SimulateNames(new.policy, old.policy)
        let simulation = Simulation(
            try edges(data), active: old.engine, draft: new.engine, at: now, view: .effective)
        return LabTable(
            columns: ["from", "to", "service", "connections", "denied by"],
            rows: simulation.edges(.broken).map { item in
                [
                    names.end(item.edge.key.source), names.end(item.edge.key.destination), item.edge.key.serviceText,
                    "\(item.edge.connections)", item.draft.decidedText,
                ]
            })
    }
}
