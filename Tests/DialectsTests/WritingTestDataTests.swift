import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// Policy that others wrote decides the same after it was imported, and after what was imported was written again.
@Suite struct WritingTestDataTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)
    private static let folder = "kubernetes/netpol-analyzer"
    static let cases = (try? TestData.names(in: folder).filter { $0 != "LICENSE" }) ?? []

    @Test func thereAreCases() { #expect(Self.cases.count > 25) }

    private static func read(_ name: String) throws -> DialectPolicy {
        KubernetesReader.read(try TestData.manifests(in: "\(folder)/\(name)/input"), DialectOptions(now: now))
    }

    private static func options(_ source: DialectPolicy) -> WriteOptions {
        WriteOptions(now: now, allowsPartial: source.isPartial)
    }

    private static func load(_ written: WrittenPolicy) throws -> LoadedPolicy {
        let result = PolicyDirectory.load(written.files.map { PolicySource(name: $0.path, text: $0.text) }, now: now)
        return try #require(result.policy, "\(result.diagnostics.map(\.text))")
    }

    /// The ports where some rule or named port begins or ends, and the ones beside them.
    private static func ports(_ policies: [FlatPolicy], _ workloads: [Workload]) -> [(IPProtocol, UInt16)] {
        var cuts: [IPProtocol: Set<UInt16>] = [:]
        func cut(_ proto: IPProtocol, _ range: ClosedRange<UInt16>) {
            for port in [range.lowerBound &- 1, range.lowerBound, range.upperBound, range.upperBound &+ 1] where port > 0 {
                cuts[proto, default: []].insert(port)
            }
        }
        for proto in [IPProtocol.tcp, .udp, .sctp] { cut(proto, 9...9) }
        for rule in policies.flatMap(\.layers).flatMap(\.tiers).flatMap(\.rules) {
            for case .ports(let proto, let ports, _) in rule.services { ports.intervals.forEach { cut(proto, $0) } }
        }
        for port in workloads.flatMap(\.namedPorts.values).joined() { cut(port.proto, port.port...port.port) }
        return cuts.keys.sorted().filter { [.tcp, .udp, .sctp].contains($0) }
            .flatMap { proto in (cuts[proto] ?? []).sorted().map { (proto, $0) } }
    }

    /// The flows that the second policy decides otherwise for certain, at most five.
    private static func differences(
        _ first: ([Workload], FlatPolicy), _ second: ([Workload], FlatPolicy)
    ) -> [String] {
        let one = PolicyEngine(workloads: first.0, policy: first.1)
        let other = PolicyEngine(workloads: second.0, policy: second.1)
        // One workload of each kind is enough, and a second one for traffic inside of a kind.
        var seen: [[LabelKey: LabelValue]: Int] = [:]
        let chosen = first.0.filter { workload in
            seen[workload.labels, default: 0] += 1
            return (seen[workload.labels] ?? 0) <= 2
        }
        let owned = chosen.flatMap(\.addresses)
        let outside = ["8.8.8.8", "172.217.0.1", "192.168.49.7", "10.0.0.1", "1.2.3.4"].map { WritingWorld.address($0) }
        let ports = ports([first.1], first.0)
        var result: [String] = []
        for source in owned + outside {
            for destination in owned + outside where source != destination {
                guard owned.contains(source) || owned.contains(destination) else { continue }
                for (proto, port) in ports {
                    let flow = Flow(
                        source: FlowEnd(source), destination: FlowEnd(destination), proto: proto, sourcePort: 50_000,
                        destinationPort: port)
                    let was = one.decide(flow, at: now).policy.outcome == .allowed
                    guard was != (other.decide(flow, at: now).policy.outcome == .allowed) else { continue }
                    result.append("\(source) to \(destination) \(proto)/\(port): \(was)")
                    if result.count == 5 { return result }
                }
            }
        }
        return result
    }

    @Test(arguments: cases) func importedPolicyDecidesTheSame(name: String) throws {
        let source = try Self.read(name)
        let written = try PolicyWriter.files(for: source, Self.options(source))
        let loaded = try Self.load(written)
        #expect(
            Self.differences((source.workloads, source.policy), (loaded.workloads, loaded.policy.lowered())) == [])
        #expect(!written.notes.contains { $0.code == "made-from-decisions" }, "a simple shape is taken over rule by rule")
    }

    @Test(arguments: cases) func importedPolicyCanBeWrittenAgain(name: String) throws {
        let source = try Self.read(name)
        let loaded = try Self.load(try PolicyWriter.files(for: source, Self.options(source)))
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        let again = KubernetesReader.read(
            written.files.map { PolicySource(name: $0.path, text: $0.text) }, DialectOptions(now: Self.now))
        #expect(again.findings.map(\.diagnostic).filter { $0.severity == .error } == [])
        #expect(
            Self.differences((source.workloads, source.policy), (source.workloads, again.policy)) == [])
    }

    @Test func writtenFilesDoNotDependOnTheOrderOfWhatWasRead() throws {
        let sources = try TestData.manifests(in: "\(Self.folder)/anp_np_banp_core_test/input")
        let one = KubernetesReader.read(sources, DialectOptions(now: Self.now))
        let other = KubernetesReader.read(sources.reversed(), DialectOptions(now: Self.now))
        let files = try PolicyWriter.files(for: one, WriteOptions(now: Self.now)).files
        #expect(files == (try PolicyWriter.files(for: other, WriteOptions(now: Self.now)).files))
        #expect(files.map(\.path) == files.map(\.path).sorted())
    }
}
