import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// What holds for every rendered table, whatever the policy.
@Suite struct StructureTests {
    /// Tables of random worlds and of the golden programs.
    static func tables(_ seeds: Range<UInt64>) throws -> [RenderedRuleset] {
        var result = try GoldenWorld.cases().map { try $0.rendered() }
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = FilterWorld.lattice(&rng)
            var builder = ProgramBuilder(world.engine)
            for workload in world.workloads {
                guard let program = builder.program(for: workload.id) else { continue }
                result.append(
                    try PacketFilter.render(
                        program, options: RenderOptions(instant: .random(using: &rng), generation: seed)))
            }
        }
        return result
    }

    @Test func aBaseChainHoldsOneJumpOrNothing() throws {
        for table in try Self.tables(0..<20).map(\.table) {
            #expect(table.base.map(\.hook) == [.input, .output])
            for chain in table.base {
                #expect(chain.rules.count == (table.chains.isEmpty ? 0 : 1))
                for rule in chain.rules {
                    #expect(rule.matches.isEmpty)
                    guard case .verdict(.jump(let target)) = rule.statements.first else {
                        Issue.record("\(rule.text)")
                        continue
                    }
                    #expect(rule.statements.count == 1 && target.hasPrefix(chain.hook.rawValue + "_"))
                }
            }
        }
    }

    @Test func whatIsNamedExistsAndWhatExistsIsNamed() throws {
        for table in try Self.tables(20..<40).map(\.table) {
            let rules = table.chains.flatMap(\.rules) + table.base.flatMap(\.rules)
            #expect(Set(rules.flatMap(\.namedChains)) == Set(table.chains.map(\.name)))
            #expect(Set(rules.flatMap(\.namedSets)) == Set(table.sets.map(\.name)))
            #expect(Set(rules.flatMap(\.namedCounters)) == Set(table.counters.map(\.name)))
            let names = table.chains.map(\.name) + table.sets.map(\.name) + table.counters.map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test func chainsStandBehindThoseThatTheyLeadTo() throws {
        for table in try Self.tables(40..<50).map(\.table) {
            var known: Set<String> = []
            for chain in table.chains {
                #expect(known.isSuperset(of: chain.rules.flatMap(\.namedChains)))
                known.insert(chain.name)
            }
        }
    }

    @Test func namesAreHashesOfWhatTheyName() throws {
        for table in try Self.tables(50..<60).map(\.table) {
            for chain in table.chains {
                let text = chain.rules.map { $0.text + "\n" }.joined()
                #expect(chain.name.hasSuffix("_" + ContentHash(text).digits))
            }
            for set in table.sets where !set.elements.isEmpty {
                let text = set.elements.map { "\($0) " }.joined()
                #expect(set.name.hasSuffix("_" + ContentHash(text).digits))
            }
        }
    }

    @Test func equalProgramsGiveEqualTexts() throws {
        let first = try Self.tables(60..<70)
        let second = try Self.tables(60..<70)
        #expect(first.map(\.text) == second.map(\.text))
    }

    @Test func anAddressListIsHeldOnce() throws {
        for table in try Self.tables(70..<80).map(\.table) {
            let contents = table.sets.filter { !$0.elements.isEmpty }
            #expect(Set(contents.map { "\($0.kind) \($0.elements)" }).count == contents.count)
        }
        // Two rules for one group of peers, at both ends of the dispatch, and one set.
        let rendered = try GoldenCase(name: "", program: GoldenWorld.program("db", .full)).rendered()
        let everyone = rendered.table.sets.filter {
            $0.elements.map(\.description) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
        }
        #expect(everyone.count == 1)
        let uses = rendered.table.chains.flatMap(\.rules).filter { $0.namedSets.contains(everyone[0].name) }
        #expect(uses.count > 2)
    }

    @Test func onlyOurOwnTableIsTouched() throws {
        let words = ["owner", "helper", "mark", "notrack", "flowtable", "ruleset", "queue", "meta hour"]
        for rendered in try Self.tables(80..<90) {
            let idle = try GoldenCase(name: "", program: GoldenWorld.program("db", .idle)).rendered()
            for text in try [rendered.text, rendered.replacing(idle), idle.replacing(rendered)] {
                for line in text.split(separator: "\n") {
                    let bare = line.split(separator: "\"").enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
                    #expect(!words.contains { word in bare.contains { $0.contains(word) } }, "\(line)")
                }
                #expect(text.split(separator: "\n").filter { $0.hasPrefix("table") } == ["table inet bulkhead {"])
            }
        }
    }

    @Test func portsAreReadFromProtocolsThatHaveThem() throws {
        for table in try Self.tables(90..<100).map(\.table) {
            for rule in table.chains.flatMap(\.rules) where rule.text.contains("th dport") {
                #expect(rule.text.hasPrefix("meta l4proto { tcp, udp, dccp, sctp, udplite } "))
            }
        }
    }
}

extension FilterRule {
    var namedChains: [String] {
        statements.flatMap { statement -> [String] in
            switch statement {
            case .verdict(let verdict): verdict.target.map { [$0] } ?? []
            case .dispatch(_, let cases): cases.compactMap(\.verdict.target)
            case .counter, .log, .sample: []
            }
        }
    }

    var namedCounters: [String] {
        statements.compactMap { if case .counter(let name) = $0 { name } else { nil } }
    }

    /// Taken from the text, so that the renderer's own bookkeeping is not asked.
    var namedSets: [String] {
        text.split(separator: " ").filter { $0.hasPrefix("@") }.map { String($0.dropFirst()) }
    }
}
