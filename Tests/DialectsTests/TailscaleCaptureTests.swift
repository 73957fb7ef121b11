import Foundation
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

@testable import Dialects

/// The reader against the filters that the hosted service compiled.
@Suite struct TailscaleCaptureTests {
    static let protocols: [IPProtocol] = [.tcp, .udp, .icmp, .icmpv6, .sctp, .gre]
    /// Addresses that no device has: the internet, private ones, what ChromeOS uses, Tailscale's own that nobody holds.
    static let outside: [IPAddress] = [
        "8.8.8.8", "10.0.0.7", "192.168.1.7", "100.63.255.255", "100.64.0.1", "100.115.91.255", "100.115.92.0",
        "100.115.93.255", "100.115.94.0", "100.127.255.254", "100.128.0.0", "2001:db8::1", "fd7a:115c:a1e0::fff1",
        "fd7a:115c:a1df:ffff::1", "fd00:1::7",
    ].compactMap { IPAddress($0) }

    @Test func theCapturesAreThere() {
        #expect(!TailscaleCapture.all.isEmpty, "no captures in \(TailscaleCapture.folder.path)")
        #expect(TailscaleCapture.all.contains { $0.isAccepted } && TailscaleCapture.all.contains { !$0.isAccepted })
    }

    @Test(arguments: TailscaleCapture.all.filter(\.isAccepted))
    func everyNodeDecidesAsItsCapturedFilter(_ capture: TailscaleCapture) {
        let reading = capture.reading()
        #expect(!reading.hasErrors, "\(reading.findings)")
        let engine = PolicyEngine(workloads: reading.workloads, policy: reading.policy)
        let ports = Set(capture.filters.values.joined().flatMap(\.edges) + [0, 1, 22, 443, 65535]).sorted()
        let routed = capture.nodes.values.flatMap(\.routes).filter { $0.length > 0 }.flatMap {
            [$0.range.lower, $0.range.upper]
        }
        let known = capture.nodes.values.flatMap(\.addresses)
        let sources = Set(known + routed + Self.outside).sorted()
        var wrong: [String] = []
        var count = 0
        for (name, node) in capture.nodes.sorted(by: { $0.key < $1.key }) {
            let filter = capture.filters[name] ?? []
            let served = node.routes.filter { $0.length > 0 }.flatMap { [$0.range.lower, $0.range.upper] }
            for destination in node.addresses + served {
                for source in sources where source.family == destination.family && !node.addresses.contains(source) {
                    for proto in Self.protocols {
                        for port in proto.hasPorts ? ports : [0] {
                            let expected = filter.contains { $0.admits(source, destination, proto, port) }
                            let flow = Flow(
                                source: FlowEnd(source), destination: FlowEnd(destination), proto: proto,
                                sourcePort: 40_000, destinationPort: port)
                            let outcome = engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome
                            count += 1
                            if outcome != (expected ? .allowed : .denied), wrong.count < 5 {
                                wrong.append("\(name): \(source) → \(destination) \(proto) \(port): \(outcome)")
                            }
                        }
                    }
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(count > 1_000)
    }

    /// Addresses beyond all subnets are reached by way of the exit node that the source chooses.
    @Test(arguments: TailscaleCapture.all.filter(\.isAccepted))
    func theInternetIsReachedWhereAnExitNodeAdmitsIt(_ capture: TailscaleCapture) {
        let reading = capture.reading()
        let engine = PolicyEngine(workloads: reading.workloads, policy: reading.policy)
        let subnets = capture.nodes.values.flatMap(\.routes).filter { $0.length > 0 }
        let given = ["100.64.0.0/10", "fd7a:115c:a1e0::/48"].compactMap { Prefix($0) }
        let beyond = (Self.outside + ["192.168.77.1", "172.31.0.9", "fd99::1"].compactMap { IPAddress($0) }).filter {
            address in !(subnets + given).contains { $0.contains(address) }
        }
        for destination in beyond {
            let exits = capture.nodes.sorted { $0.key < $1.key }.filter {
                $0.value.routes.contains(Prefix.all(destination.family))
            }
            for source in capture.nodes.values.flatMap(\.addresses).sorted() where source.family == destination.family {
                let expected = exits.contains { exit in
                    (capture.filters[exit.key] ?? []).contains { $0.admits(source, destination, .tcp, 443) }
                }
                let flow = Flow(
                    source: FlowEnd(source), destination: FlowEnd(destination), proto: .tcp, sourcePort: 40_000,
                    destinationPort: 443)
                #expect(
                    engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome == (expected ? .allowed : .denied),
                    "\(source) → \(destination)")
            }
        }
    }

    @Test(arguments: TailscaleCapture.all.filter { !$0.isAccepted })
    func whatTheServiceRefusesIsRefusedWithItsPlace(_ capture: TailscaleCapture) {
        let reading = capture.reading()
        #expect(reading.hasErrors)
        let errors = reading.findings.filter { $0.diagnostic.severity == .error }
        #expect(errors.allSatisfy { $0.diagnostic.location?.file == "policy.hujson" }, "\(errors)")
        #expect(errors.allSatisfy { ($0.diagnostic.location?.line ?? 0) > 1 }, "\(errors)")
        // Nothing is answered from it: no flow to a node is allowed or denied for sure.
        let engine = PolicyEngine(workloads: reading.workloads, policy: reading.policy)
        let addresses = capture.nodes.values.flatMap(\.addresses).filter { $0.family == .ipv4 }.sorted()
        for (source, destination) in zip(addresses, addresses.dropFirst()) {
            let flow = Flow(
                source: FlowEnd(source), destination: FlowEnd(destination), proto: .tcp, sourcePort: 40_000,
                destinationPort: 443)
            #expect(engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome == .indeterminate(.ruleMeaning))
        }
    }
}
