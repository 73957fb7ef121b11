import Lab
import Netfilter
import NetworkTypes
import PolicyModel
import Testing

extension KernelTests {
    @Suite("A wall that is changed while it is flooded")
    struct ReloadTests {
        static let denied: UInt16 = 9001
        static let allowed: UInt16 = 9000
        static let updates = 100

        /// Policies that differ in rules, sets, ports and order, and never allow the flooded port.
        static func policy(_ round: Int) -> Policy {
            let last = UInt16(9002 + round % 7)
            var policy = Policy.allowing([
                .ports(.tcp, destination: PortSet(allowed)),
                .ports(.udp, destination: PortSet([9002...last])),
            ])
            let prefixes = (0...(round % 5)).compactMap { Prefix("198.51.\(round % 200).\($0 * 8)/29") }
            policy.addressSets["peers"] = AddressSet(prefixes)
            let peers = Rule(
                id: "tests/peers",
                match: TrafficMatch(from: .addressSet("peers"), to: .anyWorkload, services: [.any]), anywhere: true,
                documentation: .forTests)
            policy.rulesets[0].rules.append(peers)
            if round.isMultiple(of: 3) {
                let match = TrafficMatch(
                    from: .any, to: .anyWorkload, services: [.ports(.tcp, destination: PortSet([9100...9110]))])
                policy.guardrails = [Guardrail(id: "closed", match: match, documentation: .forTests)]
            }
            return policy
        }

        /// Asks again until the answer is yes, for half a minute at most.
        ///
        /// How much of a flood its receiver gets to see in a given time is the scheduler's matter.
        private static func wait(until isDone: () throws -> Bool) rethrows {
            let end = ContinuousClock.now + .seconds(30)
            while try !isDone(), .now < end {}
        }

        @Test(arguments: AddressFamily.allCases)
        func nothingLeaksInAndNothingAllowedIsLost(_ family: AddressFamily) throws {
            let network = try LabNetwork(["stranger", "workload"])
            let stranger = try #require(network.host("stranger"))
            let workload = try #require(network.host("workload"))
            let services = try ServiceHost([LabService(.tcp, Self.allowed, "open")], on: workload)
            defer { services.stop() }
            // The flood arrives where nothing stands in its way.
            let control = try Flood(from: stranger, to: workload, family, port: Self.denied)
            Self.wait { control.current.arrived > 1000 }
            #expect(control.stop().arrived > 1000)

            let wall = Wall(network)
            try wall.put([workload.workload(.full)], Self.policy(0))
            let address = try #require(workload.address(family))
            let stream = try #require(try stranger.namespace.run { LabStream(to: address, port: Self.allowed) })
            let flood = try Flood(from: stranger, to: workload, family, port: Self.denied)
            var kept = 0
            for round in 1...Self.updates {
                try wall.put([workload.workload(.full)], Self.policy(round))
                if stream.echoes([UInt8(round)]) { kept += 1 }
            }
            let count = flood.stop()
            print("reload, in, \(family): \(count) over \(Self.updates) updates")
            #expect(count.arrived == 0)
            #expect(count.datagrams > 10_000)
            #expect(count.connections > 100)
            #expect(kept == Self.updates, "the allowed connection was served after every update")
        }

        @Test func nothingLeaksOut() throws {
            let network = try LabNetwork(["workload", "stranger"])
            let stranger = try #require(network.host("stranger"))
            let workload = try #require(network.host("workload"))
            let wall = Wall(network)
            try wall.put([workload.workload(.full)], Self.policy(0))
            let flood = try Flood(from: workload, to: stranger, .ipv4, port: Self.denied)
            for round in 1...Self.updates { try wall.put([workload.workload(.full)], Self.policy(round)) }
            let count = flood.stop()
            print("reload, out: \(count) over \(Self.updates) updates")
            #expect(count.arrived == 0)
            #expect(count.datagrams > 10_000)
        }

        @Test func anUpdateInTwoTransactionsLeaks() throws {
            // The way not to do it, so that the figures above mean something.
            let network = try LabNetwork(["stranger", "workload"])
            let stranger = try #require(network.host("stranger"))
            let workload = try #require(network.host("workload"))
            let nft = try NftContext(in: workload.namespace)
            let table =
                "table inet w { chain i { type filter hook input priority 0; udp dport \(Self.denied) drop; }; }"
            try nft.apply(table)
            let flood = try Flood(from: stranger, to: workload, .ipv4, port: Self.denied)
            try Self.wait {
                try nft.apply("delete table inet w")
                try nft.apply(table)
                return flood.current.arrived > 0
            }
            #expect(flood.stop().arrived > 0)
        }
    }
}
