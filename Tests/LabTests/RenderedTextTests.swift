import Lab
import Netfilter
import PacketFilter
import PolicyModel
import RulesetSimulator
import Testing

extension KernelTests {
    @Suite("Rendered text in the kernel")
    struct RenderedTextTests {
        @Test func theKernelListsWhatWasRendered() throws {
            let network = try LabNetwork(KernelWorld.names, addressesPerFamily: 2)
            let wall = Wall(network)
            for seed in KernelWorldTests.seeds {
                let world = KernelWorld(seed: seed, network)
                try wall.put(world.workloads, world.policy)
                for workload in world.workloads {
                    let written = try Ruleset(text: try wall.ruleset(workload.id.rawValue).text)
                    let nft = try wall.context(workload.id.rawValue)
                    let listed = try Ruleset(json: try nft.listJSON("list table \(FilterTable.name)"))
                    #expect(listed.chainNames.sorted() == written.chainNames.sorted(), "seed \(seed), \(workload.id)")
                    #expect(listed.counters.sorted() == written.counters.sorted())
                    #expect(listed.baseChains.map(\.name).sorted() == written.baseChains.map(\.name).sorted())
                    for chain in written.chainNames {
                        #expect(listed.ruleCount(inChain: chain) == written.ruleCount(inChain: chain), "\(chain)")
                    }
                    for set in written.sets {
                        let found = try #require(listed.sets.first { $0.name == set.name })
                        #expect(found.elements.sorted() == set.elements.sorted(), "\(set.name)")
                    }
                }
                try wall.remove()
            }
        }

        @Test func afterUpdatesTheTableIsAsIfItWereNew() throws {
            let network = try LabNetwork(KernelWorld.names)
            let updated = Wall(network)
            for seed in KernelWorldTests.seeds {
                // The same workloads every time, so that each wall is replaced and none left over.
                let workloads = network.hosts.map { $0.workload(.full) }
                try updated.put(workloads, KernelWorld(seed: seed, network).policy)
            }
            for host in network.hosts {
                let nft = try updated.context(host.name)
                let afterUpdates = try Ruleset(json: try nft.listJSON("list table \(FilterTable.name)"))
                let text = try updated.ruleset(host.name).text
                try nft.apply(RenderedRuleset.removal)
                try nft.apply(text)
                let fresh = try Ruleset(json: try nft.listJSON("list table \(FilterTable.name)"))
                #expect(afterUpdates.chainNames.sorted() == fresh.chainNames.sorted(), "\(host.name)")
                #expect(afterUpdates.sets.map(\.name).sorted() == fresh.sets.map(\.name).sorted(), "\(host.name)")
                #expect(afterUpdates.counters.sorted() == fresh.counters.sorted(), "\(host.name)")
            }
        }

        @Test func aFailingUpdateLeavesTheOldWall() throws {
            let network = try LabNetwork(["workload", "other"])
            let workload = try #require(network.host("workload"))
            let wall = Wall(network)
            try wall.put([workload.workload(.full)], .allowing(WallTests.port))
            let nft = try wall.context("workload")
            let before = try nft.list()
            let update = try wall.ruleset("workload").text
            #expect(throws: NftError.self) {
                try nft.apply("flush chain \(FilterTable.name) input\nadd rule \(FilterTable.name) input jump nowhere")
            }
            #expect(throws: NftError.self) { try nft.apply(update + "delete chain \(FilterTable.name) nowhere\n") }
            #expect(try nft.list() == before)
        }
    }
}
