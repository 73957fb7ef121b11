import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// What is imported decides the same as what was read.
@Suite struct WritingImportTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)

    /// Allow rules with isolation by selection, as NetworkPolicy has; sometimes denials and passes before them.
    private static func randomPolicy(_ random: inout WritingRandom, tiers: Int) -> FlatPolicy {
        var result: [Tier] = []
        for tier in 0..<tiers {
            let isLast = tier + 1 == tiers
            var rules: [FlatRule] = []
            for number in 0..<Int.random(in: 0...4, using: &random) {
                let action: RuleAction =
                    tiers == 1
                    ? .allow : [.allow, .deny(.drop), .pass(to: nil)].randomElement(using: &random) ?? .allow
                rules.append(
                    FlatRule(
                        id: RuleID(rawValue: "t\(tier)/rule \(number)"), rank: number / 2, action: action,
                        direction: random.chance(60) ? .ingress : .egress,
                        subject: .selector(WritingWorld.selector(&random)), peer: WritingWorld.end(&random),
                        relations: random.chance(10) ? [.same([WritingWorld.app])] : [],
                        services: WritingWorld.services(&random)))
            }
            let selections = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Selection(
                    subject: .selector(WritingWorld.selector(&random)),
                    direction: random.chance(60) ? .ingress : .egress)
            }
            result.append(
                Tier(
                    id: TierID(rawValue: "t\(tier)"), onNoMatch: isLast || random.chance(30) ? .deny : .next,
                    selections: selections, rules: rules))
        }
        let layer = Layer(
            id: "cluster", enforcer: .platform, appliesTo: .anyWorkload, tiers: result,
            fullDefault: random.chance(80) ? .allow : .deny)
        return FlatPolicy(layers: [layer], addressSets: WritingWorld.sets)
    }

    private static let probes: [(IPProtocol, UInt16, ICMPMessage?)] = [
        (.tcp, 79, nil), (.tcp, 80, nil), (.tcp, 81, nil), (.tcp, 91, nil), (.tcp, 8080, nil), (.udp, 53, nil),
        (.udp, 54, nil), (.sctp, 80, nil), (.icmp, 0, ICMPMessage(type: 8, code: 0)), (.gre, 0, nil),
    ]
    private static let outside = ["192.0.2.1", "192.0.2.200", "203.0.113.9", "198.51.100.7", "8.8.8.8", "2001:db8::1"]

    /// Every flow between two addresses of which one is a workload's.
    private static func flows(_ workloads: [Workload]) -> [Flow] {
        let owned = workloads.flatMap(\.addresses)
        let others = outside.map { WritingWorld.address($0) }
        var result: [Flow] = []
        for source in owned + others {
            for destination in owned + others where source.family == destination.family && source != destination {
                guard owned.contains(source) || owned.contains(destination) else { continue }
                for (proto, port, icmp) in probes {
                    result.append(
                        Flow(
                            source: FlowEnd(source), destination: FlowEnd(destination), proto: proto,
                            sourcePort: proto.hasPorts ? 50_000 : nil, destinationPort: port, icmp: icmp))
                }
            }
        }
        return result
    }

    private static func load(_ written: WrittenPolicy) throws -> LoadedPolicy {
        let result = PolicyDirectory.load(
            written.files.map { PolicySource(name: $0.path, text: $0.text) }, now: now)
        let errors = result.diagnostics.filter { $0.severity == .error }.map(\.text)
        return try #require(result.policy, "\(errors)")
    }

    private static func differences(_ first: DialectPolicy, _ second: LoadedPolicy) -> [Flow] {
        let one = PolicyEngine(workloads: first.workloads, policy: first.policy)
        let other = PolicyEngine(workloads: second.workloads, policy: second.policy.lowered())
        return flows(first.workloads).filter {
            one.decide($0, at: now).policy.outcome != other.decide($0, at: now).policy.outcome
        }
    }

    @Test(arguments: 1...60) func importedPolicyDecidesTheSame(seed: UInt64) throws {
        var random = WritingRandom(seed: seed)
        let policy = Self.randomPolicy(&random, tiers: seed % 3 == 0 ? 3 : 1)
        let source = DialectPolicy(dialects: [.kubernetes], workloads: WritingWorld.workloads, policy: policy)
        let written = try PolicyWriter.files(for: source, WriteOptions(now: Self.now))
        #expect(Self.differences(source, try Self.load(written)) == [])
    }
}
