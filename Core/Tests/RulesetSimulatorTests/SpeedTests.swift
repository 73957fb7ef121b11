import NetworkTypes
import RulesetSimulator
import Testing

@Suite struct SpeedTests {
    /// A differential run of 100,000 packets has to fit into a debug test.
    @Test func aHundredThousandPacketsPassHundredsOfRules() throws {
        var text = "table inet t {\n"
        for atom in 0..<100 {
            let addresses = (0..<20).map { "10.\(atom).0.\($0)" }.joined(separator: ", ")
            text += "set s\(atom) { type ipv4_addr; elements = { \(addresses) }; }\n"
            text += "chain a\(atom) {\nip saddr @s\(atom) accept\nip saddr 10.200.0.0/16 accept\ncounter\n}\n"
        }
        let entries = (0..<100).map { "\($0) : goto a\($0)" }.joined(separator: ", ")
        text += "chain tcp_in {\ntcp dport vmap { \(entries) }\n}\n"
        text += "chain i { type filter hook input priority 0; policy drop;\n"
        text += "ct state vmap { established : accept, invalid : drop, new : continue }\n"
        text += "meta l4proto vmap { tcp : goto tcp_in }\n}\n}\n"
        let ruleset = try Ruleset(text: text)
        let clock = ContinuousClock()
        var accepted = 0
        let elapsed = clock.measure {
            for number in 0..<100_000 {
                let atom = UInt32(number % 100)
                let source = IPAddress(ipv4: 0x0A00_0000 | atom << 16 | UInt32(number / 100 % 40))
                let packet = Packet(
                    source, to: IPAddress(ipv4: 0x0AFE_0001), .tcp, sourcePort: 4000, port: UInt16(atom))
                if ruleset.evaluate(packet, hook: .input).verdict == .accepted { accepted += 1 }
            }
        }
        #expect(accepted == 50_000)
        #expect(elapsed < .seconds(60), "\(elapsed) for 100,000 packets")
        print("RulesetSimulator: 100,000 packets through 302 rules in \(elapsed)")
    }
}
