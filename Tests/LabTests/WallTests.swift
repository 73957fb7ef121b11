import Lab
import Netfilter
import NetworkTypes
import PolicyModel
import Testing

extension KernelTests {
    /// One workload in mode full, asked by a host that nobody governs.
    @Suite("What a wall does beyond its rules")
    struct WallTests {
        static let open: UInt16 = 9000
        static let port = [
            ServiceTerm.ports(.tcp, destination: PortSet(open)), .ports(.udp, destination: PortSet(open)),
        ]

        let network: LabNetwork
        let stranger: LabHost
        let workload: LabHost
        let services: ServiceHost
        let wall: Wall

        init() throws {
            network = try LabNetwork(["stranger", "workload"])
            stranger = try #require(network.host("stranger"))
            workload = try #require(network.host("workload"))
            services = try ServiceHost(
                [LabService(.tcp, Self.open, "open"), LabService(.tcp, 9001, "shut")], on: workload)
            wall = Wall(network)
        }

        private func put(_ policy: Policy = .allowing(port)) throws { try wall.put([workload.workload(.full)], policy) }

        private func answer(
            _ proto: IPProtocol, _ port: UInt16, _ family: AddressFamily, to target: LabHost? = nil
        ) throws -> ProbeAnswer {
            let target = target ?? workload
            let source = target.name == "workload" ? stranger : workload
            let cell = Cell(
                source: try #require(source.address(family)), destination: try #require(target.address(family)),
                proto: proto, port: port)
            return try Prober(source).probe([cell])[0].answer
        }

        private func stream(_ family: AddressFamily) throws -> LabStream? {
            let source = try #require(stranger.address(family))
            let destination = try #require(workload.address(family))
            let port = stranger.sourcePorts.next()
            return try stranger.namespace.run {
                LabStream(from: (source, port), to: destination, port: Self.open, timeoutMilliseconds: 500)
            }
        }

        @Test(arguments: AddressFamily.allCases)
        func neighboursAreFoundWhileEchoIsDenied(_ family: AddressFamily) throws {
            let echo: IPProtocol = family == .ipv4 ? .icmp : .icmpv6
            #expect(try answer(echo, 0, family) == .answered, "the probe works without policy")
            try put()
            try workload.namespace.ip(["neigh flush all"])
            try network.router.ip(["neigh flush all"])
            #expect(try answer(echo, 0, family) == .silent)
            // A solicitation that is lost while entries are flushed is sent again after a second (RFC 4861 §10), later
            // than a probe waits; so one of three tries must do.
            var answers: [ProbeAnswer] = []
            for _ in 0..<3 where answers.last != .answered {
                try workload.namespace.ip(["neigh flush all"])
                try network.router.ip(["neigh flush all"])
                answers.append(try answer(.tcp, Self.open, family))
            }
            #expect(answers.last == .answered)
            #expect(try answer(.tcp, 9001, family) == .silent)
        }

        @Test func withoutNeighbourDiscoveryTheProbeAboveWouldFail() throws {
            try NftContext(in: workload.namespace).apply(
                "table inet w { chain i { type filter hook input priority 0; meta l4proto icmpv6 drop; }; }")
            try workload.namespace.ip(["neigh flush all"])
            try network.router.ip(["neigh flush all"])
            #expect(try answer(.tcp, Self.open, .ipv6) == .silent)
        }

        @Test(arguments: AddressFamily.allCases)
        func aConnectionWithoutItsEntryIsNotPickedUp(_ family: AddressFamily) throws {
            try put()
            let stream = try #require(try stream(family))
            #expect(stream.echoes([1, 2, 3]))
            try forget()
            #expect(!stream.echoes([4, 5, 6], timeoutMilliseconds: 600), "its next packet is new and no SYN")
            #expect(try answer(.tcp, Self.open, family) == .answered, "a real new connection passes")
        }

        @Test func aWallThatAsksForTheStateOnlyPicksItUp() throws {
            try NftContext(in: workload.namespace).apply(
                """
                table inet w { chain i { type filter hook input priority 0; policy drop;
                    ct state established accept; tcp dport \(Self.open) accept; meta l4proto icmpv6 accept; }; }
                """)
            let stream = try #require(try stream(.ipv4))
            #expect(stream.echoes([1, 2, 3]))
            try forget()
            #expect(stream.echoes([4, 5, 6], timeoutMilliseconds: 600))
        }

        private func forget() throws {
            try workload.namespace.run {
                for family in ["ipv4", "ipv6"] { _ = try ChildProcess.run(["conntrack", "-D", "-f", family]) }
            }
            #expect(try ConntrackDump(of: workload.namespace).count == 0)
        }

        @Test(arguments: AddressFamily.allCases)
        func aClosedPortSaysSoThroughTheWall(_ family: AddressFamily) throws {
            // Nobody listens on UDP 9000: "port unreachable" leaves the workload as related to what came in.
            try put()
            #expect(try answer(.udp, Self.open, family) == .refused)
            #expect(try answer(.udp, 9001, family) == .silent)
        }

        @Test(arguments: AddressFamily.allCases)
        func aClosedPortElsewhereIsHeardThroughTheWall(_ family: AddressFamily) throws {
            // The error comes in from outside as related to what the workload sent.
            var policy = Policy.allowing(Self.port)
            policy.rulesets[0].rules[0].match.from = .anyWorkload
            policy.rulesets[0].rules[0].match.to = .any
            try put(policy)
            #expect(try answer(.udp, Self.open, family, to: stranger) == .refused)
        }

        @Test(arguments: AddressFamily.allCases)
        func largePacketsLearnASmallerPath(_ family: AddressFamily) throws {
            try network.router.ip(["link set host1 mtu 1300", "link set host2 mtu 1300"])
            try put()
            let stream = try #require(try stream(family))
            // Both directions exceed the path: "too big" must reach both ends, one of them through the wall.
            #expect(stream.echoes([UInt8](repeating: 5, count: 4000), timeoutMilliseconds: 2000))
        }

        @Test func aWallWithoutRelatedErrorsSwallowsLargePackets() throws {
            try network.router.ip(["link set host1 mtu 1300", "link set host2 mtu 1300"])
            try NftContext(in: workload.namespace).apply(
                """
                table inet w { chain i { type filter hook input priority 0; policy drop;
                    ct state established accept; tcp dport \(Self.open) accept; }; }
                """)
            let stream = try #require(try stream(.ipv4))
            #expect(stream.echoes([1, 2, 3]))
            #expect(!stream.echoes([UInt8](repeating: 5, count: 4000), timeoutMilliseconds: 1000))
        }
    }
}
