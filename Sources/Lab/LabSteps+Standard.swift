internal import FlowAnalysis
internal import FlowFormats
internal import FlowStore
internal import Flows
internal import Foundation
internal import NetworkTypes
internal import PolicyEngine
internal import PolicyFiles
internal import PolicyModel

extension LabSteps {
    /// The steps as `flows import`, `map` and `policy simulate` take them.
    public static let standard = LabSteps(importFlows: imported, map: mapped, simulate: simulated)

    private static func imported(_ captures: [LabReport.Capture], _ data: String) throws -> LabTable {
        let store = try FlowStore(directory: data)
        var table = LabTable(columns: ["seen by", "lines", "new connections", "seen before", "refused"], rows: [])
        for capture in captures {
            let point = ObservationPoint(capture.host)
            let report = try store.importFiles([capture.path], observationPoint: point, observedAt: .labNow)
            for file in report.files {
                if let failure = file.failure { throw failure }
                let counts = [file.lines.lines, file.newConnections, file.merged, file.lines.refusedLines]
                table.rows.append([capture.host] + counts.map(String.init))
            }
        }
        return table
    }

    private static func mapped(_ data: String, _ policy: String) throws -> LabTable {
        let loaded = try LoadedPolicy(lab: policy)
        let map = FlowMap(
            try observed(data), workloads: loaded.workloads, addressSets: loaded.policy.addressSets,
            by: [LabelKey("role")].compactMap(\.self), at: .labNow)
        return LabTable(
            columns: ["from", "to", "services", "connections"],
            rows: map.edges.map { edge in
                let services = edge.services.map { "\($0.service) (\($0.count.connections))" }
                return [
                    "\(edge.source)", "\(edge.destination)", services.joined(separator: ", "),
                    String(edge.total.connections),
                ]
            })
    }

    private static func simulated(_ active: String, _ draft: String, _ data: String) throws -> LabTable {
        let now = try LoadedPolicy(lab: active)
        let next = try LoadedPolicy(lab: draft)
        // Effective, since the tiers are not enforced yet: with nothing enforced, everything passes.
        let simulation = Simulation(
            try observed(data), active: PolicyEngine(workloads: now.workloads, policy: now.policy.lowered()),
            draft: PolicyEngine(workloads: next.workloads, policy: next.policy.lowered()), at: .labNow,
            view: .effective)
        func name(_ address: IPAddress) -> String {
            next.workloads.first { $0.addresses.contains(address) }?.id.rawValue ?? address.description
        }
        var table = LabTable(columns: ["from", "to", "family", "service", "connections", "would be"], rows: [])
        for item in simulation.edges where item.mayBreak {
            let key = item.edge.key
            table.rows.append([
                name(key.source), name(key.destination), key.destination.family == .ipv4 ? "IPv4" : "IPv6",
                MapService(proto: key.proto, service: key.service).description, String(item.edge.connections),
                LabPath.deciders(item.draft),
            ])
        }
        let kept = simulation.effective[.stillAllowed]
        table.note = "\(kept.connections) connections on \(kept.edges) edges stay allowed"
        return table
    }

    private static func observed(_ data: String) throws -> [ObservedEdge] {
        try FlowStore(directory: data).edges().map { edge in
            ObservedEdge(
                key: edge.key, connections: edge.connections, failed: edge.failed, bytes: nil,
                firstSeen: edge.firstSeen, lastSeen: edge.lastSeen, direction: edge.direction, initiatorPorts: [:])
        }
    }
}

extension Instant {
    /// The clock's time.
    static var labNow: Instant { Instant(rawValue: Int64(Date().timeIntervalSince1970 * 1_000_000) * 1000) }
}

extension LoadedPolicy {
    /// Loads a policy directory that the lab wrote.
    init(lab directory: String) throws {
        let loaded = PolicyDirectory.load(directory, now: .labNow)
        guard let policy = loaded.policy else {
            throw LabRefusal(
                description: loaded.diagnostics.first.map(\.text) ?? "the lab's own policy cannot be loaded")
        }
        self = policy
    }
}
