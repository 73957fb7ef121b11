import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// A tailnet's policy that was imported decides the same as the one that the hosted service took.
@Suite struct WritingTailscaleTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)

    @Test(arguments: TailscaleCapture.all.filter(\.isAccepted)) func importedPolicyDecidesTheSame(
        _ capture: TailscaleCapture
    ) throws {
        let source = DialectLoader.read(
            .tailscale, [PolicySource(name: "policy.hujson", bytes: capture.policy)],
            DialectOptions(now: Self.now, devices: PolicySource(name: "devices.json", bytes: capture.devices)))
        let written = try PolicyWriter.files(
            for: source, WriteOptions(now: Self.now, allowsPartial: source.isPartial))
        let result = PolicyDirectory.load(
            written.files.map { PolicySource(name: $0.path, text: $0.text) }, now: Self.now)
        let loaded = try #require(result.policy, "\(result.diagnostics.map(\.text))")
        let one = PolicyEngine(workloads: source.workloads, policy: source.policy)
        let other = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        let owned = source.workloads.flatMap(\.addresses)
        let outside = ["8.8.8.8", "10.33.0.7", "192.168.1.1", "100.99.98.97"].map { WritingWorld.address($0) }
        var differences: [String] = []
        for source in owned + outside {
            for destination in owned + outside where source != destination && source.family == destination.family {
                guard owned.contains(source) || owned.contains(destination) else { continue }
                for (proto, port) in [
                    (IPProtocol.tcp, 22), (.tcp, 23), (.tcp, 80), (.tcp, 443), (.tcp, 8080), (.udp, 53), (.udp, 443),
                    (.gre, 0),
                ] as [(IPProtocol, UInt16)] {
                    let flow = Flow(
                        source: FlowEnd(source), destination: FlowEnd(destination), proto: proto,
                        sourcePort: proto.hasPorts ? 50_000 : nil, destinationPort: port)
                    let was = one.decide(flow, at: Self.now).policy.outcome == .allowed
                    if was != (other.decide(flow, at: Self.now).policy.outcome == .allowed) {
                        differences.append("\(source) to \(destination) \(proto)/\(port): \(was)")
                    }
                }
            }
        }
        #expect(differences == [])
    }
}
