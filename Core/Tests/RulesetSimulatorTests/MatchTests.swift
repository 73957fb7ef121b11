import NetworkTypes
import RulesetSimulator
import Testing

/// Single matches against single packets; the expectations come from nft(8), from the bytecode that `nft
/// --debug=netlink` shows for the same words, and from the kernel's sources named beside them.
@Suite struct MatchTests {
    struct Case: CustomTestStringConvertible {
        let match: String
        let packet: Packet
        let hook: Hook
        let isMatch: Bool
        let why: String

        init(
            _ match: String, _ proto: IPProtocol, _ isMatch: Bool, _ why: String, from source: String = "10.1.0.1",
            to destination: String = "10.9.0.1", port: UInt16 = 80, hook: Hook = .input,
            _ change: (inout Packet) -> Void = { _ in }
        ) {
            self.match = match
            self.isMatch = isMatch
            self.why = why
            self.hook = hook
            let zero = IPAddress(ipv4: 0)
            var packet = Packet(
                IPAddress(source) ?? zero, to: IPAddress(destination) ?? zero, proto, sourcePort: 4000, port: port)
            change(&packet)
            self.packet = packet
        }

        var testDescription: String { "\(match): \(why)" }
    }

    static let cases: [Case] = [
        Case("tcp dport 80", .tcp, true, "the port"),
        Case("tcp dport 80", .udp, false, "tcp requires meta l4proto tcp"),
        Case("th dport 80", .udp, true, "th requires nothing"),
        Case("th dport 80", .icmp, true, "th reads the checksum of ICMP") { $0.icmpChecksum = 80 },
        Case("th dport 80", .icmp, false, "and not what would be a port") { $0.icmpChecksum = 81 },
        Case("th sport 2048", .icmp, true, "th reads type and code of ICMP") { $0.icmpType = 8 },
        Case("tcp dport 80", .tcp, false, "later fragments have no header: nft_payload_eval") { $0.fragmentField = 5 },
        Case("tcp dport != 80", .tcp, false, "and break `!=` too") { $0.fragmentField = 5 },
        Case("th dport != { 81, 82 }", .tcp, false, "and a set turned round") { $0.fragmentField = 5 },
        Case("ct mark != { 1, 2 }", .tcp, false, "no entry, no mark to be outside a set") { $0.state = .untracked },
        Case("meta l4proto tcp", .tcp, true, "but keep their protocol") { $0.fragmentField = 5 },
        Case("tcp dport 80", .tcp, true, "a first fragment has its header") { $0.fragmentField = 0x2000 },
        Case("ip frag-off & 0x1fff != 0", .tcp, true, "the low 13 bits are the offset") { $0.fragmentField = 0x2005 },
        Case("ip frag-off & 0x1fff != 0", .tcp, false, "more-fragments is not") { $0.fragmentField = 0x2000 },
        Case("ip saddr != 10.1.0.2", .tcp, true, "another address"),
        Case("ip saddr != 10.1.0.2", .tcp, false, "requires IPv4", from: "2001:db8::1", to: "2001:db8::2"),
        Case("ip6 saddr ::ffff:10.1.0.1", .tcp, false, "an IPv4 packet has no IPv6 address"),
        Case("ip6 saddr ::ffff:10.1.0.1", .tcp, true, "in an IPv6 header it is one", to: "2001:db8::2"),
        Case("ip saddr 10.1.0.1", .tcp, false, "and not an IPv4 one", to: "2001:db8::2"),
        Case("icmp type echo-request", .icmp, true, "type 8") { $0.icmpType = 8 },
        Case("icmp type echo-request", .icmp, false, "ICMP over IPv6", from: "fe80::1", to: "fe80::2") {
            $0.icmpType = 8
        },
        Case(
            "icmpv6 type nd-neighbor-solicit ip6 hoplimit 255", .icmpv6, true, "RFC 4861 §7.1", from: "fe80::1",
            to: "fe80::2"
        ) {
            $0.icmpType = 135
            $0.hopLimit = 255
        },
        Case("ip6 nexthdr tcp", .tcp, false, "the first next header counts", from: "fe80::1", to: "fe80::2") {
            $0.firstNextHeader = IPProtocol(rawValue: 0)
        },
        Case("tcp flags syn", .tcp, true, "any bit") { $0.tcpFlags = [.syn, .ack] },
        Case("tcp flags == syn", .tcp, false, "exactly") { $0.tcpFlags = [.syn, .ack] },
        Case("tcp flags syn,ack", .tcp, true, "any of both bits") { $0.tcpFlags = .ack },
        Case("tcp flags != syn", .tcp, true, "unlike a bare value, `!=` compares all bits") {
            $0.tcpFlags = [.syn, .ack]
        },
        Case("tcp flags & (fin|syn|rst|ack) == syn", .tcp, true, "the mask hides psh") { $0.tcpFlags = [.syn, .psh] },
        Case("tcp flags { syn, ack }", .tcp, false, "a set of two holds exact values") { $0.tcpFlags = [.syn, .ack] },
        Case("tcp flags { syn }", .tcp, true, "a set of one is the bare value") { $0.tcpFlags = [.syn, .ack] },
        Case("ct state established,related", .tcp, true, "either") { $0.state = .related },
        Case("ct state != established,related", .tcp, true, "compares with the sum of both, so every state matches") {
            $0.state = .established
        },
        Case("ct state != { established, related }", .tcp, false, "a set is what was meant") {
            $0.state = .established
        },
        Case("ct direction original", .udp, false, "no entry, no direction: nft_ct_get_eval") { $0.state = .untracked },
        Case("ct direction != original", .udp, false, "nor another one") { $0.state = .invalid },
        Case("ct original ip daddr 10.9.9.9", .tcp, true, "the address before translation") {
            $0.original = FiveTuple(
                proto: .tcp, source: $0.source, sourcePort: 1, destination: IPAddress(ipv4: 0x0A09_0909),
                destinationPort: 2)
        },
        Case("ct original ip saddr 10.9.0.1", .tcp, true, "of a reply the other end") {
            $0.direction = .reply
            $0.state = .established
        },
        Case("iifname \"eth*\"", .tcp, true, "starts with eth") { $0.inputInterface = "eth7" },
        Case("iifname \"eth*\"", .tcp, false, "does not") { $0.inputInterface = "et" },
        Case("iifname \"eth\"", .tcp, false, "without a star the whole name") { $0.inputInterface = "eth0" },
        Case("iifname != \"lo\"", .tcp, true, "output knows no interface of arrival", hook: .output) {
            $0.inputInterface = "lo"
        },
        Case("oifname \"eth1\"", .tcp, false, "input knows none of departure") { $0.outputInterface = "eth1" },
        Case("oifname \"eth1\"", .tcp, true, "forward knows both", hook: .forward) { $0.outputInterface = "eth1" },
        Case("meta skuid != 0", .tcp, false, "no socket, no user: nft_meta_get_eval_skugid"),
        Case("meta skuid != 0", .tcp, true, "another user", hook: .output) { $0.user = 1000 },
        Case("meta mark & 0xff == 0x10", .tcp, true, "low byte") { $0.mark = 0x210 },
        Case("meta time < 1700000000", .tcp, true, "a second before") {
            $0.time = Instant(rawValue: 1_699_999_999_000_000_000)
        },
        Case("meta time < \"2023-11-14 22:13:20\"", .tcp, false, "the second itself, as date in UTC") {
            $0.time = Instant(rawValue: 1_700_000_000_000_000_000)
        },
        Case("meta time >= \"2024-02-29\"", .tcp, true, "a leap day begins at 1709164800") {
            $0.time = Instant(rawValue: 1_709_164_800_000_000_000)
        },
        Case("meta time >= \"2024-02-29\"", .tcp, false, "and not before") {
            $0.time = Instant(rawValue: 1_709_164_799_000_000_000)
        },
        Case("tcp dport 80-90", .tcp, true, "both ends belong to a range", port: 90),
        Case("tcp dport 80-90", .tcp, false, "and no more", port: 91),
        Case("tcp dport { 80-90, 443 }", .tcp, true, "a range in a set", port: 80),
        Case("tcp dport > 80", .tcp, false, "not itself"),
        Case("tcp dport ge 80", .tcp, true, "itself"),
        Case("ip saddr 10.1.0.0/31", .tcp, true, "the upper one of two"),
        Case("ip saddr 0.0.0.0/0", .tcp, true, "every address"),
        Case("ip6 saddr ::/0", .tcp, false, "of its version only"),
        Case("ip saddr . tcp dport { 10.1.0.0/24 . 80-90 }", .tcp, true, "a box"),
        Case("ip saddr . tcp dport { 10.1.0.0/24 . 81-90 }", .tcp, false, "beside a box"),
        Case("fib saddr . iif oif missing", .tcp, true, "no way back") { $0.hasReversePath = false },
        Case("fib daddr type local", .tcp, true, "RTN_LOCAL") { $0.destinationType = .local },
        Case("meta pkttype { broadcast, multicast }", .udp, true, "PACKET_MULTICAST") { $0.kind = .multicast },
        Case("ip ttl < 64", .tcp, false, "64 is not below"),
    ]

    @Test(arguments: cases) func aMatchHoldsForWhatItSays(_ example: Case) throws {
        let text = """
            table inet t {
                chain c {
                    type filter hook \(example.hook.rawValue) priority 0; policy accept;
                    \(example.match) drop
                }
            }

            """
        let outcome = try Ruleset(text: text).evaluate(example.packet, hook: example.hook)
        #expect((outcome.verdict == .dropped) == example.isMatch, "\(example.testDescription)")
        #expect(outcome.path == (example.isMatch ? [RulePosition("c", 0)] : []))
    }
}
