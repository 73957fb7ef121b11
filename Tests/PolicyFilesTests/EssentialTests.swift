import PolicyFiles
import PolicyModel
import Testing

/// How wide essential traffic may be; it passes quarantines and guardrails.
@Suite struct EssentialTests {
    private static let everyone = "anyWorkload"
    private static let operations = "{addresses: 192.0.2.199}"

    static let cases: [(name: String, from: String, to: String, services: String, isRefused: Bool)] = [
        ("one port", operations, everyone, "tcp/22", false),
        ("16 ports", operations, everyone, "tcp/1-16", false),
        ("17 ports", operations, everyone, "tcp/1-17", true),
        ("17 ports one by one", operations, everyone, "[tcp/1-8, tcp/10-18]", true),
        ("ports that overlap count once", operations, everyone, "[tcp/1-16, tcp/1-8, tcp/9-16 from 1]", false),
        ("16 ports of each of two protocols", operations, everyone, "[tcp/1-16, udp/1-16]", false),
        ("every port in halves", operations, everyone, "[tcp/0-32767, tcp/32768-65535]", true),
        ("every destination port from one source port", operations, everyone, "udp from 53", true),
        ("a whole protocol with ports", operations, everyone, "[tcp/22, sctp]", true),
        ("a whole protocol without ports", operations, everyone, "[gre, icmp]", false),
        ("a name of 17 ports on one workload", operations, everyone, "named/many", true),
        ("a name of one port on each workload", operations, everyone, "named/one", false),
        ("a name and ports beside it", operations, everyone, "[named/one, tcp/1-16]", true),
        ("a /8", everyone, "{addresses: 10.0.0.0/8}", "tcp/22", false),
        ("a /8 and one more address", everyone, "{addresses: [10.0.0.0/8, 11.0.0.0]}", "tcp/22", true),
        ("half of the addresses", everyone, "{addresses: 0.0.0.0/1}", "tcp/22", true),
        ("a /8 from each of two items", everyone, "[{addresses: 10.0.0.0/8}, {addresses: 11.0.0.0/8}]", "tcp/22", true),
        ("a /16 of IPv6", everyone, "{addresses: \"2001::/16\"}", "tcp/22", false),
        ("a /15 of IPv6", everyone, "{addresses: \"2000::/15\"}", "tcp/22", true),
        ("every address but one", everyone, "{select: any, except: {addresses: 10.0.0.1}}", "tcp/22", true),
        ("many addresses, but of a role", everyone, "{select: role = a, addresses: 0.0.0.0/1}", "tcp/22", false),
        ("many addresses, but of a few", everyone, "{select: any, addresses: 192.0.2.0/24}", "tcp/22", false),
        ("many addresses at one end only", "{addresses: 0.0.0.0/1}", "role = a", "tcp/22", false),
        ("a named set that is wide", "{addresses: wide}", everyone, "tcp/22", true),
    ]

    @Test(arguments: cases)
    func essentialTrafficIsNarrow(name: String, from: String, to: String, services: String, isRefused: Bool) {
        let many = (1...17).map { "tcp/\($0)" }.joined(separator: ", ")
        let text = """
            bulkhead: 1
            owner: ops
            addressSets: {wide: [0.0.0.0/2, 64.0.0.0/2]}
            workloads:
              - {name: a, addresses: 10.0.0.1, labels: {role: a}, ports: {many: [\(many)], one: tcp/100}}
              - {name: b, addresses: 10.0.0.2, labels: {role: b}, ports: {one: tcp/200}}
            essential:
              - {name: x, from: \(from), to: \(to), services: \(services), reason: it must}
            """
        let result = PolicyDirectory.load([PolicySource(name: "a.yaml", text: text)], now: Place.now)
        #expect(
            result.diagnostics.map(\.code) == (isRefused ? ["essential-too-wide"] : []),
            "\(result.diagnostics.map(\.text))")
    }
}
