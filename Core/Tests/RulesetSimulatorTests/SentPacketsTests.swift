import NetworkTypes
import RulesetSimulator
import Testing

/// Packets that were really sent through kernel 6.18 between two namespaces (`Fixtures/send-again.py`, 2026-11), with
/// what each named counter saw.
///
/// They settle, among others: the end of a chain reached by goto returns to where the chain before would have returned;
/// `return` and the end in a base chain give its policy; a verdict map without the key ends only the rule; an accept
/// ends only its base chain and a later drop is final; of two chains with one priority the younger runs first; in raw
/// the state reads invalid; `th dport` reads the checksum of ICMP; `delete` of an absent key goes on.
@Suite struct SentPacketsTests {
    struct Observation: CustomTestStringConvertible {
        let testDescription: String
        let packet: Packet
        let hits: [String: Int]

        init(_ line: Substring) throws {
            testDescription = String(line)
            let words = line.split(separator: " ").map(String.init)
            try #require(words.count >= 8)
            let source = try #require(IPAddress(words[1]))
            let destination = try #require(IPAddress(words[2]))
            let first = try #require(UInt16(words[3]))
            let second = try #require(UInt16(words[4]))
            let proto = try #require(IPProtocol(words[0]))
            var packet = Packet(source, to: destination, proto)
            if proto.hasPorts {
                packet.sourcePort = first
                packet.destinationPort = second
            }
            packet.icmpType = UInt8(first >> 8)
            packet.icmpCode = UInt8(first & 255)
            packet.icmpChecksum = second
            packet.tcpFlags = []
            for flag in words[5].split(separator: ",") where flag != "-" {
                let known: [Substring: Packet.TCPFlags] = [
                    "fin": .fin, "syn": .syn, "rst": .rst, "psh": .psh, "ack": .ack,
                ]
                packet.tcpFlags.insert(try #require(known[flag]))
            }
            packet.hopLimit = try #require(UInt8(words[6]))
            let states: [String: Packet.ConnectionState] = [
                "new": .new, "established": .established, "related": .related, "invalid": .invalid,
                "untracked": .untracked,
            ]
            packet.state = try #require(states[words[7]])
            packet.inputInterface = "wire1"
            self.packet = packet
            var hits: [String: Int] = [:]
            for word in words.dropFirst(8) {
                let parts = word.split(separator: "=")
                try #require(parts.count == 2)
                hits[String(parts[0])] = Int(parts[1])
            }
            self.hits = hits
        }
    }

    @Test(arguments: ["ways", "chains", "matches"])
    func countersRiseAsTheyDidInTheKernel(_ name: String) throws {
        let ruleset = try Ruleset(text: Listing.text("Packets/\(name).nft"))
        let observations = try Listing.text("Packets/\(name).observed").split(separator: "\n").map(Observation.init)
        #expect(observations.count >= 18)
        for observation in observations {
            var hits: [String: Int] = [:]
            for hook in [Hook.prerouting, .input] {
                // A `notrack` seen by the probe had happened before; the packet itself entered untouched.
                var packet = observation.packet
                if hook == .prerouting, packet.state == .untracked { packet.state = .new }
                let outcome = ruleset.evaluate(packet, hook: hook)
                for case .named(let counter) in outcome.counters { hits[counter, default: 0] += 1 }
                guard outcome.verdict == .accepted else { break }
            }
            #expect(hits == observation.hits, "\(observation.testDescription)")
        }
    }
}
