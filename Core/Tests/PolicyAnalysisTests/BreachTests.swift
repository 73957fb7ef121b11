import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// How far an intruder gets, in networks small enough to follow by hand, and on random worlds by trying all pairs.
@Suite struct BreachTests {
    /// An allow from one workload to another; the address of each is made of its place.
    struct Network {
        var modes: [(String, EnforcementMode?)]
        var allows: [(String, String)] = []
        /// Allows that need a fact.
        var conditional: [(String, String)] = []
        var quarantined: [String] = []
        var guardrails: [Guardrail] = []
        var family = AddressFamily.ipv4

        init(_ names: String, mode: EnforcementMode? = .full, _ allows: String) {
            modes = names.split(separator: " ").map { (String($0), mode) }
            self.allows = Self.pairs(allows)
        }

        static func pairs(_ text: String) -> [(String, String)] {
            text.split(separator: " ").map { word in
                let names = word.split(separator: ">").map(String.init)
                return (names[0], names[1])
            }
        }

        static let documentation = Documentation(owner: "tests", reason: "tests")
        static let ssh = [ServiceTerm.ports(.tcp, destination: PortSet(22))]

        static func match(_ pair: (String, String), _ conditions: [Condition] = []) -> TrafficMatch {
            TrafficMatch(
                from: .workload(WorkloadID(rawValue: pair.0)), to: .workload(WorkloadID(rawValue: pair.1)),
                services: ssh, conditions: conditions)
        }

        func connectivity(essential: Bool = false) -> Connectivity {
            let workloads = modes.enumerated().map { place, workload in
                let last = UInt8(place + 1)
                let address =
                    family == .ipv4
                    ? IPAddress(ipv4: 0x0A00_0000 | UInt32(last))
                    : IPAddress(ipv6: 0x2001_0DB8 << 96 | UInt128(last))
                return Workload(
                    id: WorkloadID(rawValue: workload.0), labels: [:], addresses: [address], mode: workload.1)
            }
            let plain = allows.map { (Self.match($0), $0) }
            let open = conditional.map { (Self.match($0, [Condition("posture")]), $0) }
            let rules = (plain + open).enumerated().map { number, rule in
                Rule(
                    id: RuleID(rawValue: "r/\(number)"), match: rule.0, anywhere: true,
                    documentation: Self.documentation)
            }
            let quarantines = quarantined.map { name in
                Quarantine(
                    id: RuleID(rawValue: "q-\(name)"), members: .workload(WorkloadID(rawValue: name)),
                    documentation: Self.documentation)
            }
            let policy = Policy(
                essential: essential ? EssentialRule.standard : [], quarantines: quarantines, guardrails: guardrails,
                rulesets: [Ruleset(id: "r", scopes: [.all], rules: rules)])
            let engine = PolicyEngine(workloads: workloads, policy: policy.lowered())
            return Connectivity(engine, at: Instant(rawValue: 0), view: .effective)
        }

        /// Who is reached: `name hops previous`, `?` where it is only perhaps, and the sure hops where they are more.
        func reached(from start: WorkloadID = "a") throws -> [String] {
            let breach = try #require(Breach(from: start, over: connectivity()))
            return breach.reached.map { entry in
                let sure = entry.sureHops.map { $0 == entry.hops ? "" : " (\($0))" } ?? "?"
                return "\(entry.workload) \(entry.hops) \(entry.previous)\(sure)"
            }
        }
    }

    static let cases: [(name: String, network: Network, reached: [String])] = [
        ("nobody", Network("a b", ""), []),
        ("a chain", Network("a b c d", "a>b b>c c>d"), ["b 1 a", "c 2 b", "d 3 c"]),
        ("against the chain", Network("a b c", "b>a c>b"), []),
        ("a cycle ends where it began", Network("a b c", "a>b b>c c>a"), ["b 1 a", "c 2 b"]),
        ("the shorter way counts", Network("a b c d", "a>b b>c c>d a>d"), ["b 1 a", "d 1 a", "c 2 b"]),
        ("of equal ways the first name counts", Network("a x y t", "a>y a>x y>t x>t"), ["x 1 a", "y 1 a", "t 2 x"]),
        ("an island", Network("a b c d", "a>b c>d"), ["b 1 a"]),
    ]

    @Test(arguments: cases.indices) func anIntruderGoesAsFarAsPathsGo(_ number: Int) throws {
        let (name, network, reached) = Self.cases[number]
        #expect(try network.reached() == reached, "\(name)")
    }

    @Test func aPathNamesItsConnections() throws {
        let breach = try #require(Breach(from: "a", over: Network("a b c", "a>b b>c").connectivity()))
        let ssh = ServiceSet(.tcp, destination: PortSet(22))
        let exact = Traffic(must: ssh, may: ssh)
        let path = breach.path(to: "c")
        #expect(path.map(\.from) == ["a", "b"] && path.map(\.to) == ["b", "c"])
        #expect(path.map(\.traffic) == [exact, exact])
        #expect(breach.path(to: "a").isEmpty && breach.path(to: "nobody").isEmpty)
        #expect(breach.others == 2 && breach.exits.isEmpty)
        #expect(Breach(from: "nobody", over: Network("a b", "").connectivity()) == nil)
    }

    static let modes: [(source: EnforcementMode?, target: EnforcementMode?, isReached: Bool)] = [
        (.full, .full, false), (.idle, .full, false), (.full, .idle, false), (.full, nil, false), (nil, .full, false),
        (.selective, .full, false), (.selective, .selective, true), (.selective, .idle, true), (.idle, .idle, true),
        (.visibility, .visibility, true), (nil, nil, true),
    ]

    /// Semantics §1 and §3: only managed ends, under their mode; full denies and selective allows what no rule says.
    @Test func whatIsNotEnforcedStopsNobody() throws {
        for (source, target, isReached) in Self.modes {
            var network = Network("", "")
            network.modes = [("a", source), ("b", target)]
            let name = "\(String(describing: source)) \(String(describing: target))"
            #expect(try network.reached() == (isReached ? ["b 1 a"] : []), "\(name)")
        }
    }

    @Test func aQuarantineCutsTheChainFromAnyMode() throws {
        for mode in EnforcementMode.allCases {
            var network = Network("a b c", "a>b b>c")
            network.modes[1].1 = mode
            network.quarantined = ["b"]
            #expect(try network.reached() == [], "\(mode)")
            #expect(try network.reached(from: "b") == [], "\(mode)")
        }
    }

    @Test func anUnknownConditionCountsAsMet() throws {
        var network = Network("a b c", "b>c")
        network.conditional = Network.pairs("a>b")
        #expect(try network.reached() == ["b 1 a?", "c 2 b?"])
    }

    /// `deny … unless posture`: the posture is taken to be there.
    @Test func aGuardrailThatAFactLiftsStopsNobody() throws {
        var network = Network("a b", "a>b")
        network.guardrails = [
            Guardrail(
                id: "g", match: Network.match(("a", "b"), [Condition("posture", is: false)]),
                documentation: Network.documentation)
        ]
        #expect(try network.reached() == ["b 1 a?"])
        network.guardrails[0].match.conditions = []
        #expect(try network.reached() == [])
    }

    @Test func aSurePathIsToldApartFromAShorterOne() throws {
        var network = Network("a b c", "a>c c>b")
        network.conditional = Network.pairs("a>b")
        #expect(try network.reached() == ["b 1 a (2)", "c 1 a"])
    }

    @Test func ofEqualPathsASureOneCounts() throws {
        var network = Network("a x y t", "a>y x>t y>t")
        network.conditional = Network.pairs("a>x")
        #expect(try network.reached() == ["x 1 a?", "y 1 a", "t 2 y"])
    }

    /// RFC 4861: every IPv6 neighbour answers solicitations, which takes no host over; IPv4 has none of it.
    @Test func essentialTrafficIsNoHopAndIsTold() throws {
        for (family, touched) in [(AddressFamily.ipv6, ["c"]), (.ipv4, [])] as [(AddressFamily, [WorkloadID])] {
            var network = Network("a b c", "a>b")
            network.family = family
            let all = network.connectivity(essential: true)
            let breach = try #require(Breach(from: "a", over: network.connectivity(), essential: all))
            #expect(breach.reached.map(\.workload) == ["b"])
            #expect(breach.onlyEssential == touched)
            let wide = try #require(Breach(from: "a", over: all))
            #expect(wide.reached.map(\.workload) == ["b"] + touched)
            #expect(wide.onlyEssential.isEmpty)
        }
    }

    /// Workloads that policy cannot tell apart are reached through somebody else, or from each other.
    @Test func workloadsThatAreAlikeAreReachedApart() throws {
        let role = try #require(LabelKey("role"))
        let workloads = try ["web-1", "web-2", "web-3", "db"].enumerated().map { place, name in
            Workload(
                id: WorkloadID(rawValue: name),
                labels: [role: try #require(LabelValue(name == "db" ? "db" : "web"))],
                addresses: [IPAddress(ipv4: 0x0A00_0001 + UInt32(place))], mode: .full)
        }
        func reached(_ allows: [(String, String)]) throws -> [String] {
            let rules = try allows.enumerated().map { number, pair in
                let (from, to) = (try #require(LabelValue(pair.0)), try #require(LabelValue(pair.1)))
                return Rule(
                    id: RuleID(rawValue: "r/\(number)"),
                    match: TrafficMatch(
                        from: .selector(.equals(role, from)), to: .selector(.equals(role, to)), services: Network.ssh),
                    documentation: Network.documentation)
            }
            let policy = Policy(essential: [], rulesets: [Ruleset(id: "r", scopes: [.exists(role)], rules: rules)])
            let engine = PolicyEngine(workloads: workloads, policy: policy.lowered())
            let side = Connectivity(engine, at: Instant(rawValue: 0), view: .effective)
            let breach = try #require(Breach(from: "web-2", over: side))
            return breach.reached.map { "\($0.workload) \($0.hops) \($0.previous)" }
        }
        #expect(try reached([("web", "db")]) == ["db 1 web-2"])
        #expect(try reached([("web", "web")]) == ["web-1 1 web-2", "web-3 1 web-2"])
        #expect(try reached([("web", "db"), ("db", "web")]) == ["db 1 web-2", "web-1 2 db", "web-3 2 db"])
        #expect(try reached([("web", "web"), ("web", "db")]) == ["db 1 web-2", "web-1 1 web-2", "web-3 1 web-2"])
    }

    @Test func waysOutAreThoseOfTheFirstWorkload() throws {
        var network = Network("a b", "a>b")
        network.modes[1].1 = .selective
        let out = try #require(Breach(from: "b", over: network.connectivity()))
        // A selective workload may send whatever no rule denies; ICMPv6 needs an IPv6 address.
        for exit in out.exits {
            #expect(exit.traffic.must.isSuperset(of: .all([.tcp, .udp])) && exit.traffic.isExact)
            #expect(!exit.traffic.may.protocols.contains(.icmpv6))
        }
        let owned = AddressSet([10 << 24 | 1, 10 << 24 | 2].map { Prefix(IPAddress(ipv4: $0)) })
        let outside = AddressSet([Prefix.all(.ipv4)]).subtracting(owned)
        #expect(AddressSet(out.exits.flatMap(\.ranges)) == outside)
        #expect(Breach(from: "a", over: network.connectivity())?.exits.isEmpty == true)
    }

    @Test func aBreachIsWhatTryingAllPairsFinds() {
        for seed in worlds(2_000, debugShare: 20) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: .random(using: &rng), view: .effective)
            let trial = PairTrial(side)
            for start in trial.names {
                guard let breach = Breach(from: start, over: side) else {
                    Issue.record("seed \(seed): \(start) is not found")
                    return
                }
                let (may, must) = (trial.hops(from: start, trial.may), trial.hops(from: start, trial.must))
                let found = Dictionary(uniqueKeysWithValues: breach.reached.map { ($0.workload, $0.hops) })
                let sure = breach.reached.compactMap { entry in entry.sureHops.map { (entry.workload, $0) } }
                #expect(found == may, "seed \(seed) \(start)")
                #expect(Dictionary(uniqueKeysWithValues: sure) == must, "seed \(seed) \(start)")
                for entry in breach.reached {
                    let path = breach.path(to: entry.workload)
                    #expect(path.count == entry.hops && path.first?.from == start, "seed \(seed)")
                    let isPath = path.allSatisfy { trial.may[$0.from]?.contains($0.to) == true }
                    #expect(isPath, "seed \(seed) \(path)")
                    if entry.sureHops == entry.hops { #expect(path.allSatisfy { !$0.traffic.must.isEmpty }) }
                }
            }
        }
    }
}

/// Who may open connections to whom, by looking at every pair of ends.
struct PairTrial {
    let names: [WorkloadID]
    private(set) var may: [WorkloadID: Set<WorkloadID>] = [:]
    private(set) var must: [WorkloadID: Set<WorkloadID>] = [:]

    init(_ side: Connectivity) {
        names = Set(side.ends.flatMap(\.owners)).sorted()
        for source in side.ends {
            for target in side.ends where !source.isSelfTraffic(with: target) {
                let traffic = side.traffic(from: source, to: target)
                let families = AddressFamily.allCases.filter { family in
                    [source, target].allSatisfy { end in
                        end.ranges.isEmpty || end.ranges.contains { $0.family == family }
                    }
                }
                let foreign = ServiceSet.all(
                    (families.contains(.ipv4) ? [] : [.icmp]) + (families.contains(.ipv6) ? [] : [.icmpv6]))
                for from in source.owners {
                    for to in target.owners where from != to {
                        if !traffic.may.subtracting(foreign).isEmpty { may[from, default: []].insert(to) }
                        if !traffic.must.subtracting(foreign).isEmpty { must[from, default: []].insert(to) }
                    }
                }
            }
        }
    }

    func hops(from start: WorkloadID, _ edges: [WorkloadID: Set<WorkloadID>]) -> [WorkloadID: Int] {
        var result = [start: 0]
        var frontier = [start]
        var level = 0
        while !frontier.isEmpty {
            level += 1
            let next = Set(frontier.flatMap { edges[$0] ?? [] }).filter { result[$0] == nil }
            for name in next { result[name] = level }
            frontier = Array(next)
        }
        result[start] = nil
        return result
    }
}
