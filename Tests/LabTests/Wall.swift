import Lab
import Netfilter
import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel

/// Puts a policy into the kernel of each host that is a workload, as an agent would.
final class Wall {
    static let instant = Instant(rawValue: 1_800_000_000_000_000_000)

    let network: LabNetwork
    private(set) var engine: PolicyEngine
    private var contexts: [String: NftContext] = [:]
    private var standing: [String: RenderedRuleset] = [:]
    private var generation: UInt64 = 0

    init(_ network: LabNetwork) {
        self.network = network
        engine = PolicyEngine(workloads: [], policy: Policy().lowered())
    }

    /// Installs, or changes what stands by the transaction that is made for it.
    func put(_ workloads: [Workload], _ policy: Policy) throws {
        engine = PolicyEngine(workloads: workloads, policy: policy.lowered())
        generation += 1
        for workload in workloads {
            let ruleset = try rendered(workload.id)
            let nft = try context(workload.id.rawValue)
            if let old = standing[workload.id.rawValue] {
                try nft.apply(try ruleset.replacing(old))
            } else {
                try nft.apply(ruleset.text)
            }
            standing[workload.id.rawValue] = ruleset
        }
    }

    private func rendered(_ id: WorkloadID) throws -> RenderedRuleset {
        var builder = ProgramBuilder(engine)
        guard let program = builder.program(for: id) else { throw Missing(name: id.rawValue) }
        return try PacketFilter.render(
            program, options: RenderOptions(instant: Self.instant, generation: generation))
    }

    /// What stands on a host; rendered once, so that it is what the kernel was told.
    func ruleset(_ host: String) throws -> RenderedRuleset {
        guard let ruleset = standing[host] else { throw Missing(name: host) }
        return ruleset
    }

    /// Takes every wall down.
    func remove() throws {
        for name in standing.keys.sorted() { try context(name).apply(RenderedRuleset.removal) }
        standing = [:]
    }

    func context(_ name: String) throws -> NftContext {
        if let known = contexts[name] { return known }
        guard let host = network.host(name) else { throw Missing(name: name) }
        let context = try NftContext(in: host.namespace)
        contexts[name] = context
        return context
    }

    struct Missing: Error {
        let name: String
    }
}

extension Documentation {
    static let forTests = Documentation(owner: "tests", reason: "a world in the kernel")
}

extension LabHost {
    /// The host as a workload with an agent in a mode.
    func workload(_ mode: EnforcementMode?, _ labels: Labels = [:]) -> Workload {
        Workload(id: WorkloadID(rawValue: name), labels: labels, addresses: addresses, mode: mode)
    }
}

extension Policy {
    /// The standard essentials, and traffic that anybody may send to the workloads.
    static func allowing(_ services: [ServiceTerm], guardrails: [Guardrail] = []) -> Policy {
        let rule = Rule(
            id: "tests/allow", match: TrafficMatch(from: .any, to: .anyWorkload, services: services), anywhere: true,
            documentation: .forTests)
        return Policy(
            guardrails: guardrails, rulesets: [Ruleset(id: "tests", scopes: [.all], rules: [rule])])
    }
}
