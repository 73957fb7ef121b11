import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// The parts of a score, counted by hand and by trying all pairs.
@Suite struct ScoreTests {
    private static func parts(_ score: SegmentationScore) -> [String] {
        score.parts.map { "\($0.measure) \($0.numerator)/\($0.denominator)" }
    }

    private static func score(_ network: BreachTests.Network) -> SegmentationScore {
        SegmentationScore(network.connectivity(), jewels: .or([]))
    }

    @Test func weightsAddUpToAHundred() {
        #expect(SegmentationScore.Measure.allCases.map(\.weight).reduce(0, +) == 100)
    }

    /// a → b → c → d: 3 connections of 12 pairs, 3 + 2 + 1 paths, at most 3 of 3 others.
    @Test func aChainIsCounted() throws {
        let score = Self.score(BreachTests.Network("a b c d", "a>b b>c c>d"))
        #expect(
            Self.parts(score) == [
                "separatedPairs 9/12", "meanBlastRadius 6/12", "largestBlastRadius 0/3", "enforcement 4/4",
                "internet 4/4",
            ])
        #expect(score.worst == "a" && score.openToInternet.isEmpty && score.workloads == 4)
        // 15 + 10 + 0 + 15 + 15 of 20 + 20 + 10 + 15 + 15.
        #expect(abs(try #require(score.total) - 68.75) < 1e-9)
    }

    @Test func aCycleReachesAllOfIt() {
        let score = Self.score(BreachTests.Network("a b c d", "a>b b>c c>a"))
        #expect(
            Self.parts(score).prefix(3) == [
                "separatedPairs 9/12", "meanBlastRadius 6/12", "largestBlastRadius 1/3",
            ])
    }

    @Test func closedAndFlatAreTheEndsOfTheScale() {
        #expect(Self.score(BreachTests.Network("a b c", "")).total == 100)
        let flat = Self.score(BreachTests.Network("a b c", mode: .idle, ""))
        #expect(flat.total == 0)
        #expect(flat.openToInternet == ["a", "b", "c"] && flat.worst == "a")
        #expect(Self.score(BreachTests.Network("", "")).total == nil)
    }

    @Test func theInternetIsWhatIsReachableFromEverywhere() throws {
        for (text, isInternet) in [
            ("8.8.8.8", true), ("2001:4860:4860::8888", true), ("172.32.0.1", true), ("10.1.1.1", false),
            ("172.31.255.255", false), ("192.168.0.1", false), ("100.64.0.1", false), ("169.254.1.1", false),
            ("127.0.0.1", false), ("224.0.0.1", false), ("255.255.255.255", false), ("0.0.0.0", false),
            ("fe80::1", false), ("fd00::1", false), ("ff02::1", false), ("::1", false), ("::", false),
        ] {
            let address = try #require(IPAddress(text))
            #expect(AddressSet.internet.contains(address) == isInternet, "\(text)")
        }
    }

    @Test func openToAnOfficeIsNotOpenToTheInternet() throws {
        let cases: [(String, [WorkloadID])] = [
            ("192.168.0.0/16", []), ("0.0.0.0/0", ["a"]), ("192.0.2.0/24", ["a"]),
        ]
        for (text, open) in cases {
            let from = EndExpression.addresses(AddressSet([try #require(Prefix(text))]))
            let rule = Rule(
                id: "r/1", match: TrafficMatch(from: from, to: .workload("a"), services: BreachTests.Network.ssh),
                anywhere: true, documentation: BreachTests.Network.documentation)
            let policy = Policy(essential: [], rulesets: [Ruleset(id: "r", scopes: [.all], rules: [rule])])
            let workloads = ["a", "b"].enumerated().map { place, name in
                Workload(
                    id: WorkloadID(rawValue: name), addresses: [IPAddress(ipv4: 0x0A00_0001 + UInt32(place))],
                    mode: .full)
            }
            let engine = PolicyEngine(workloads: workloads, policy: policy.lowered())
            let side = Connectivity(engine, at: Instant(rawValue: 0), view: .effective)
            #expect(SegmentationScore(side, jewels: .or([])).openToInternet == open, "\(text)")
        }
    }

    @Test func partsAreWhatTryingAllPairsFinds() throws {
        let key = try #require(LabelKey("app"))
        for seed in worlds(2_000, debugShare: 20) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: .random(using: &rng), view: .effective)
            let trial = PairTrial(side)
            let reach = trial.names.map { trial.hops(from: $0, trial.may) }
            let count = trial.names.count
            let pairs = count * (count - 1)
            let jewels = world.workloads.filter { $0.labels[key] != nil }.map(\.id)
            let paths = jewels.map { jewel in reach.filter { $0[jewel] != nil }.count }.reduce(0, +)
            let most = reach.map(\.count).max() ?? 0
            var expected = [
                "separatedPairs \(pairs - trial.may.values.map(\.count).reduce(0, +))/\(pairs)",
                "meanBlastRadius \(pairs - reach.map(\.count).reduce(0, +))/\(pairs)",
                "largestBlastRadius \(count - 1 - most)/\(count - 1)",
                "crownJewels \(jewels.count * (count - 1) - paths)/\(jewels.count * (count - 1))",
            ]
            if jewels.isEmpty { expected.removeLast() }
            guard count > 1 else { continue }
            let score = SegmentationScore(side, jewels: .exists(key))
            #expect(Self.parts(score).prefix(expected.count) == expected[...], "seed \(seed)")
        }
    }
}
