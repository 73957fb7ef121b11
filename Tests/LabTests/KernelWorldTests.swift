import Lab
import Netfilter
import NetworkTypes
import PolicyModel
import Testing

extension KernelTests {
    @Suite("Real cells equal the engine in random worlds")
    struct KernelWorldTests {
        /// Seeds of worlds that are always played; one that ever failed is added here.
        static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]

        @Test func everyCountedCellAgrees() throws {
            let network = try LabNetwork(KernelWorld.names, addressesPerFamily: 2)
            let services = try network.hosts.map { try ServiceHost(KernelWorld.services, on: $0) }
            defer { for service in services { service.stop() } }
            let cells = KernelWorld.cells(network)
            let before = try network.probeExpectingAnswers(cells)
            #expect(before.allSatisfy { $0.answer == .answered }, "every probe passes with policy off")
            let wall = Wall(network)
            var allowed = 0
            var denied = 0
            var mirrored = 0
            for seed in Self.seeds {
                let world = KernelWorld(seed: seed, network)
                try wall.put(world.workloads, world.policy)
                let matrix = try CellMatrix.sent(
                    cells, before: before, over: network, engine: wall.engine, at: Wall.instant)
                let differences = matrix.disagreements
                for entry in differences.prefix(5) { print("seed \(seed): \(entry)") }
                #expect(differences.count == 0, "seed \(seed)")
                #expect(matrix.counted.count == cells.count, "seed \(seed)")
                allowed += matrix.counted.count { !$0.mustFail }
                denied += matrix.counted.count(where: \.mustFail)
                mirrored += matrix.counted.count(where: \.isMirrored)
                try wall.remove()
            }
            print(
                "kernel worlds: \(Self.seeds.count), \(allowed) cells allowed, \(denied) denied (\(mirrored) mirrored)"
            )
            #expect(allowed > 300)
            #expect(denied > 300)
        }

        @Test func aWallThatIsMissingIsFound() throws {
            let network = try LabNetwork(KernelWorld.names)
            let services = try network.hosts.map { try ServiceHost(KernelWorld.services, on: $0) }
            defer { for service in services { service.stop() } }
            let cells = KernelWorld.cells(network)
            let before = try network.probeExpectingAnswers(cells)
            let wall = Wall(network)
            let target = try #require(network.hosts.last)
            let match = TrafficMatch(
                from: .any, to: .workload(WorkloadID(rawValue: target.name)), services: [.proto(.tcp)])
            let policy = Policy(guardrails: [Guardrail(id: "closed", match: match, documentation: .forTests)])
            try wall.put([target.workload(.selective)], policy)
            let standing = try CellMatrix.sent(
                cells, before: before, over: network, engine: wall.engine, at: Wall.instant)
            #expect(standing.disagreements.count == 0)
            try wall.remove()
            let missing = try CellMatrix.sent(
                cells, before: before, over: network, engine: wall.engine, at: Wall.instant)
            // Three sources, two families, three TCP ports.
            #expect(missing.disagreements.count == 3 * 2 * KernelWorld.ports.count)
        }
    }
}
