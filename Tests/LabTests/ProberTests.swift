import Lab
import Netfilter
import NetworkTypes
import Testing

extension KernelTests {
    @Suite("Real probes between hosts of the lab")
    struct ProberTests {
        let network: LabNetwork
        let client: LabHost
        let server: LabHost

        init() throws {
            network = try LabNetwork(["client", "server"], addressesPerFamily: 2)
            client = try #require(network.host("client"))
            server = try #require(network.host("server"))
        }

        private func cells(_ proto: [IPProtocol: [UInt16]]) -> [Cell] {
            client.addresses.flatMap { source in
                server.addresses.filter { $0.family == source.family }.flatMap { destination in
                    proto.sorted { $0.key < $1.key }.flatMap { proto, ports in
                        ports.map { Cell(source: source, destination: destination, proto: proto, port: $0) }
                    } + [
                        Cell(
                            source: source, destination: destination, proto: source.family == .ipv4 ? .icmp : .icmpv6,
                            port: 0)
                    ]
                }
            }
        }

        private func filter(_ rules: String) throws {
            try NftContext(in: server.namespace).apply(
                "table inet w { chain i { type filter hook input priority 0; \(rules) }; }")
        }

        @Test func servicesAnswerAndClosedPortsRefuseOnEveryAddress() throws {
            let services = try ServiceHost([LabService(.tcp, 80, "web"), LabService(.udp, 53, "dns")], on: server)
            defer { services.stop() }
            let cells = cells([.tcp: [80, 81], .udp: [53, 54]])
            #expect(cells.count == 8 * 5)
            for (cell, result) in zip(cells, try network.probe(cells)) {
                let isOpen = cell.proto.isICMP || cell.port == 80 || cell.port == 53
                #expect(result.answer == (isOpen ? .answered : .refused), "\(cell)")
            }
        }

        @Test func droppedPacketsAreSilentAndTheRestIsNot() throws {
            let services = try ServiceHost([LabService(.tcp, 80, "web"), LabService(.tcp, 443, "web")], on: server)
            defer { services.stop() }
            try filter("tcp dport 80 drop;")
            let cells = cells([.tcp: [80, 443]])
            for (cell, result) in zip(cells, try network.probe(cells)) {
                #expect(result.answer == (cell.port == 80 ? .silent : .answered), "\(cell)")
            }
        }

        @Test func administrativeRejectionIsNotAClosedPort() throws {
            try filter("meta l4proto tcp reject with icmpx type admin-prohibited;")
            // A connecting IPv6 socket is not told (kernel 6.18): there the probe is silent, which is no pass either.
            for (cell, result) in zip(cells([.tcp: [80]]), try network.probe(cells([.tcp: [80]])))
            where cell.proto == .tcp {
                #expect(!result.answer.passed)
                if cell.source.family == .ipv4 { #expect(result.answer == .prohibited) }
            }
        }

        @Test func theSourcesOwnKernelCanStopAPacket() throws {
            try NftContext(in: client.namespace).apply(
                "table inet w { chain o { type filter hook output priority 0; udp dport 53 drop; }; }")
            let cells = cells([.udp: [53]]).filter { $0.proto == .udp }
            #expect(try network.probe(cells).allSatisfy { $0.answer == .stoppedAtSource })
        }

        @Test func aTrackedConnectionNeverServesALaterProbe() throws {
            let services = try ServiceHost([LabService(.udp, 53, "dns")], on: server)
            defer { services.stop() }
            try filter("ct state established accept; udp dport 53 accept;")
            let cells = [Cell](repeating: cells([.udp: [53]])[0], count: 300)
            #expect(try network.probe(cells).allSatisfy { $0.answer == .answered })
            try NftContext(in: server.namespace).apply(
                "flush chain inet w i\nadd rule inet w i ct state established accept\nadd rule inet w i drop")
            #expect(try network.probe(cells).allSatisfy { $0.answer == .silent })
        }

        @Test func aRelayAnswersForTheWholeChain() throws {
            let last = try ServiceHost([LabService(.tcp, 80, "last")], on: server)
            defer { last.stop() }
            let relay = LabService.Endpoint(addresses: server.addresses, port: 80)
            let first = try ServiceHost([LabService(.tcp, 80, "first", relay: relay)], on: client)
            defer { first.stop() }
            for family in AddressFamily.allCases {
                let address = try #require(client.address(family))
                let answer = try server.namespace.run {
                    LabStream(to: address, port: 80)?.ask(ServiceHost.relayRequest)
                }
                #expect(answer.map { String(decoding: $0, as: UTF8.self) } == "client → server")
            }
        }
    }
}
