import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// What is written for Kubernetes and read again decides the same as Bulkhead's agents do.
@Suite struct WritingKubernetesTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)

    /// The pods as policy files and as manifests; `agents` says who has which mode.
    private static func inventory(_ modes: [String?]) -> (policy: String, manifests: String) {
        var policy = "bulkhead: 1\nowner: team\nworkloads:\n"
        var enforcement: [String: [String]] = [:]
        var manifests = ""
        for space in ["x", "y"] {
            manifests +=
                "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: \(space)\n  labels: {team: t\(space)}\n---\n"
        }
        let pods = [
            ("x", "a", "a", "front", "10.0.0.1"), ("x", "b", "b", "back", "10.0.0.2"),
            ("x", "b2", "b", "back", "10.0.0.3"),
            ("y", "a", "a", "front", "10.0.1.1"), ("y", "c", "c", "", "10.0.1.2"),
        ]
        for (number, (space, name, app, tier, address)) in pods.enumerated() {
            let mode = modes[number % modes.count]
            let tierLabel = tier.isEmpty ? "" : ", tier: \(tier)"
            let podTier = tier.isEmpty ? "" : ", pod/tier: \(tier)"
            let web = app == "a" ? 80 : 8080
            policy += """
                - name: \(space)/\(name)
                  addresses: \(address)
                  labels: {ns/kubernetes.io/metadata.name: \(space), ns/team: t\(space), pod/app: \(app)\(podTier)}
                  ports: {web: tcp/\(web)}
                \(mode == nil ? "" : "  agent: true")

                """
            if let mode { enforcement[mode, default: []].append("\(space)/\(name)") }
            manifests += """
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name), namespace: \(space), labels: {app: \(app)\(tierLabel)}}
                spec: {containers: [{name: c, ports: [{name: web, containerPort: \(web)}]}]}
                status: {podIP: \(address)}
                ---

                """
        }
        if !enforcement.isEmpty {
            policy += "enforcement:\n"
            for (mode, names) in enforcement.sorted(by: { $0.key < $1.key }) {
                policy += "- {mode: \(mode), members: {workloads: [\(names.joined(separator: ", "))]}}\n"
            }
        }
        return (policy, manifests)
    }

    private static let selectors = [
        "ns/kubernetes.io/metadata.name = x", "ns/team = ty", "pod/app = a", "pod/app = b", "pod/app in (b, c)",
        "pod/tier exists", "ns/team = tx and pod/app = b", "pod/app = a or pod/tier = back",
        "pod/tier exists and pod/app != a",
    ]
    private static let negative = ["pod/app != a", "pod/tier not exists", "not (pod/app = b or ns/team = ty)"]

    private static func end(_ random: inout WritingRandom, outside: Bool) -> String {
        let selector = random.pick(selectors) ?? "all"
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return outside ? "any" : "anyWorkload"
        case 1: return "anyWorkload"
        case 2 where outside: return "{addresses: 192.0.2.0/24}"
        case 3 where outside:
            return "[\(quoted(selector)), {addresses: [192.0.2.0/25, 203.0.113.0/24], except: anyWorkload}]"
        case 4 where outside: return "{addresses: 10.0.0.0/24}"
        case 5 where outside: return "{select: any, except: {addresses: 198.51.100.0/24}}"
        case 6: return "{select: anyWorkload, except: \(quoted(random.pick(negative) ?? "all"))}"
        case 7: return "{workloads: [x/a, y/c]}"
        case 8: return "{select: \(quoted(selector)), except: {workloads: y/c}}"
        default: return quoted(selector)
        }
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }

    private static let services = [
        "any", "tcp", "tcp/80", "[tcp/80-90, udp/53]", "named/web", "sctp/80", "[named/web, udp]", "tcp/0-1023",
    ]

    private static func randomPolicy(_ random: inout WritingRandom, selective: Bool, guardrailsOutside: Bool) -> String
    {
        var text = "rulesets:\n"
        let scopes = ["all", "pod/app in (a, b)", "ns/kubernetes.io/metadata.name = x"]
        text += "- name: team\n  scope: \(quoted(random.pick(scopes) ?? "all"))\n  rules:\n"
        for number in 0..<Int.random(in: 1...4, using: &random) {
            let isDeny = selective && random.chance(50)
            text += "  - name: r\(number)\n    action: \(isDeny ? "deny" : "allow")\n"
            text += "    from: \(end(&random, outside: !isDeny))\n    to: \(end(&random, outside: !isDeny))\n"
            text += "    services: \(random.pick(services) ?? "any")\n    reason: because\n"
            if !isDeny, random.chance(50) { text += "    anywhere: true\n" }
            if random.chance(15) {
                text += "    same: [\(random.pick(["ns/team", "pod/app", "pod/tier"]) ?? "pod/app")]\n"
            }
            if random.chance(10) { text += "    different: [pod/tier]\n" }
        }
        let count = Int.random(in: 0...2, using: &random)
        if count > 0 { text += "guardrails:\n" }
        for number in 0..<count {
            text += "- name: g\(number)\n  from: \(end(&random, outside: guardrailsOutside))\n"
            text += "  to: \(end(&random, outside: guardrailsOutside))\n  services: \(random.pick(services) ?? "any")\n"
            text += "  reason: because\n"
            if random.chance(20) { text += "  different: [ns/team]\n" }
        }
        return text
    }

    private static func load(_ text: String) throws -> LoadedPolicy {
        let result = PolicyDirectory.load([PolicySource(name: "policy.yaml", text: text)], now: now)
        let errors = result.diagnostics.filter { $0.severity == .error }.map(\.text)
        return try #require(result.policy, "\(errors)\n\(text)")
    }

    private static let outside = ["192.0.2.1", "192.0.2.200", "203.0.113.9", "198.51.100.7", "10.0.0.77", "8.8.8.8"]
    private static let ports: [(IPProtocol, UInt16)] = [
        (.tcp, 1), (.tcp, 80), (.tcp, 81), (.tcp, 8080), (.tcp, 1024), (.udp, 53), (.udp, 54), (.sctp, 80), (.sctp, 81),
    ]

    private static func flows(_ workloads: [Workload]) -> [Flow] {
        let owned = workloads.flatMap(\.addresses)
        let others = outside.map { WritingWorld.address($0) }
        var result: [Flow] = []
        for source in owned + others {
            for destination in owned + others where source != destination {
                guard owned.contains(source) || owned.contains(destination) else { continue }
                for (proto, port) in ports {
                    result.append(
                        Flow(
                            source: FlowEnd(source), destination: FlowEnd(destination), proto: proto,
                            sourcePort: 50_000,
                            destinationPort: port))
                }
            }
        }
        return result
    }

    private static func read(_ written: WrittenPolicy, _ pods: String) -> DialectPolicy {
        let sources = written.files.map { PolicySource(name: $0.path, text: $0.text) }
        return KubernetesReader.read(
            sources + [PolicySource(name: "pods.yaml", text: pods)], DialectOptions(now: now))
    }

    /// The flows that the manifests decide otherwise than Bulkhead's agents.
    private static func differences(_ loaded: LoadedPolicy, _ manifests: DialectPolicy) -> [String] {
        let one = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        let other = PolicyEngine(workloads: manifests.workloads, policy: manifests.policy)
        return flows(loaded.workloads).filter {
            one.decide($0, at: now).effective.outcome != other.decide($0, at: now).policy.outcome
        }.map { "\($0.source.address) to \($0.destination.address) \($0.proto)/\($0.destinationPort)" }
    }

    @Test(arguments: 1...120) func writtenManifestsDecideTheSameWhenRead(seed: UInt64) throws {
        var random = WritingRandom(seed: seed)
        let isSelective = seed % 4 == 0
        let modes: [String?] =
            seed % 4 == 3 ? ["full", "full", "full", nil] : isSelective ? ["selective"] : ["full"]
        let (inventory, pods) = Self.inventory(modes)
        let text = inventory + Self.randomPolicy(&random, selective: isSelective, guardrailsOutside: !isSelective)
        let loaded = try Self.load(text)
        let written: WrittenPolicy
        do throws(WriteRefusal) {
            written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        } catch {
            Issue.record("refused: \(error.diagnostics.map(\.text))\n\(text)")
            return
        }
        #expect(written.differences.isEmpty)
        let read = Self.read(written, pods)
        let faults = read.findings.filter { $0.diagnostic.severity == .error }.map(\.diagnostic.text)
        #expect(faults == [])
        let differences = Self.differences(loaded, read)
        #expect(differences == [], "\(text)\n\(written.files.map(\.text).joined(separator: "---\n"))")
    }
}
