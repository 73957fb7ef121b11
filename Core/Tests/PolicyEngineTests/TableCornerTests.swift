import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference
import Testing

/// What tells flows apart although no expression does.
@Suite struct TableCornerTests {
    private static func address(_ host: UInt32) -> IPAddress { IPAddress(ipv4: 0x0A00_0000 + host) }

    /// The outcomes of the table, for connections between hosts, compared with the reference.
    private static func outcomes(
        _ workloads: [Workload], _ policy: FlatPolicy, _ pairs: [(UInt32, UInt32)]
    ) throws -> [Outcome] {
        let instant = Instant(rawValue: 0)
        let made = DecisionTable(PolicyEngine(workloads: workloads, policy: policy), at: instant)
        var table = try #require(made)
        let reference = FlatReference(workloads: workloads, policy: policy)
        return pairs.map { source, destination in
            let flow = Flow(
                source: FlowEnd(address(source)), destination: FlowEnd(address(destination)), proto: .tcp,
                sourcePort: 5000, destinationPort: 80)
            let key = table.decide(flow)
            let decision = table.decision(key)
            #expect(decision == reference.decide(flow, at: instant), "\(source) → \(destination)")
            return decision.effective.outcome
        }
    }

    @Test func labelsOfRelationsTellClassesApart() throws {
        let env = try #require(LabelKey("env"))
        let workloads = [("a", "prod"), ("b", "prod"), ("c", "dev")].enumerated().map { number, row in
            Workload(
                id: WorkloadID(rawValue: row.0), labels: [env: LabelValue(row.1)].compactMapValues(\.self),
                addresses: [Self.address(UInt32(number) + 1)], mode: .full)
        }
        let rules = Direction.allCases.map {
            FlatRule(
                id: "same", action: .allow, direction: $0, subject: .any, peer: .any, relations: [.same([env])],
                services: [.any])
        }
        let policy = FlatPolicy(
            layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
        let outcomes = try Self.outcomes(workloads, policy, [(1, 2), (1, 3), (2, 1), (3, 2)])
        #expect(outcomes == [.allowed, .denied, .allowed, .denied])
    }

    @Test func aWorkloadMayTalkToItselfAcrossItsAddresses() throws {
        let workloads = [
            Workload(id: "one", addresses: [Self.address(1), Self.address(2)], mode: .full),
            Workload(id: "two", addresses: [Self.address(3), Self.address(4)], mode: .full),
        ]
        let policy = FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [])])
        let outcomes = try Self.outcomes(workloads, policy, [(1, 2), (1, 3), (3, 4), (4, 2)])
        #expect(outcomes == [.allowed, .denied, .allowed, .denied])
    }

    /// Of more services than a table has numbers for, the engine is asked about those that found none.
    @Test(arguments: [1, 2, 5, 100])
    func servicesBeyondTheTableAreAskedAbout(maximumAtoms: Int) throws {
        let workloads = ["one", "two"].enumerated().map { number, id in
            Workload(id: WorkloadID(rawValue: id), addresses: [Self.address(UInt32(number) + 1)], mode: .full)
        }
        var rules: [FlatRule] = []
        for number in 0..<20 as Range<UInt16> {
            let ports = 100 + 2 * number...101 + 3 * number
            for direction in Direction.allCases {
                rules.append(
                    FlatRule(
                        id: RuleID(rawValue: "r\(number)"), action: number % 3 == 0 ? .deny(.drop) : .allow,
                        direction: direction, subject: .any, peer: .any,
                        services: [.ports(.tcp, destination: PortSet(ports))]))
            }
        }
        let policy = FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
        let instant = Instant(rawValue: 0)
        let engine = PolicyEngine(workloads: workloads, policy: policy)
        var table = try #require(DecisionTable(engine, at: instant, maximumAtoms: maximumAtoms))
        let reference = FlatReference(workloads: workloads, policy: policy)
        var outcomes: Set<Outcome> = []
        for port in 90..<200 as Range<UInt16> {
            let flow = Flow(
                source: FlowEnd(Self.address(1)), destination: FlowEnd(Self.address(2)), proto: .tcp, sourcePort: 5000,
                destinationPort: port)
            let key = table.decide(flow)
            let decision = table.decision(key)
            #expect(decision == reference.decide(flow, at: instant), "\(port)")
            outcomes.insert(decision.effective.outcome)
        }
        #expect(outcomes == [.allowed, .denied])
    }

    /// `http` is port 80 at one workload and 8080 at another; 8080 at the first is no service at all.
    @Test func aPortNameMeansWhatTheDestinationCallsSo() throws {
        let http: PortName = "http"
        let workloads = [
            Workload(
                id: "one", addresses: [Self.address(1)], namedPorts: [http: [ProtocolPort(.tcp, 80)]], mode: .full),
            Workload(
                id: "two", addresses: [Self.address(2)], namedPorts: [http: [ProtocolPort(.tcp, 8080)]], mode: .full),
        ]
        let rules = Direction.allCases.map {
            FlatRule(id: "web", action: .allow, direction: $0, subject: .any, peer: .any, services: [.named(http)])
        }
        let policy = FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
        let made = DecisionTable(PolicyEngine(workloads: workloads, policy: policy), at: Instant(rawValue: 0))
        var table = try #require(made)
        func outcome(_ destination: UInt32, _ port: UInt16) -> Outcome {
            let key = table.decide(
                Flow(
                    source: FlowEnd(Self.address(3 - destination)), destination: FlowEnd(Self.address(destination)),
                    proto: .tcp, sourcePort: 5000, destinationPort: port))
            return table.decision(key).policy.outcome
        }
        #expect(
            [outcome(1, 80), outcome(1, 8080), outcome(2, 80), outcome(2, 8080)] == [
                .allowed, .denied, .denied, .allowed,
            ])
    }

    /// Two workloads of one class may not talk; each to itself over its own address may.
    @Test func oneAddressAtBothEndsIsOneWorkload() throws {
        let workloads = (1...2).map {
            Workload(id: WorkloadID(rawValue: "w\($0)"), addresses: [Self.address($0)], mode: .full)
        }
        let rules = Direction.allCases.map {
            FlatRule(id: "deny", action: .deny(.drop), direction: $0, subject: .any, peer: .any, services: [.any])
        }
        let policy = FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
        let outcomes = try Self.outcomes(workloads, policy, [(1, 2), (1, 1), (2, 1), (2, 2)])
        #expect(outcomes == [.denied, .allowed, .denied, .allowed])
    }

    /// A source that meets more different rows than a byte can number, by columns, before and after the table outgrew bytes.
    @Test(arguments: [3, 300])
    func columnsAreJudgedLikeSingleFlows(count: UInt32) throws {
        let hosts = (1...count).map { number in
            Workload(id: WorkloadID(rawValue: "w\(number)"), addresses: [Self.address(number)], mode: .full)
        }
        let rules = (1...count).map { number in
            FlatRule(
                id: RuleID(rawValue: "r\(number)"), action: .allow, direction: .ingress,
                subject: .workload(WorkloadID(rawValue: "w\(number)")), peer: .any,
                services: [.ports(.tcp, destination: PortSet(UInt16(1000 + number)...UInt16(1000 + number)))])
        }
        let out = FlatRule(id: "out", action: .allow, direction: .egress, subject: .any, peer: .any, services: [.any])
        let policy = FlatPolicy(
            layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules + [out])])])
        let instant = Instant(rawValue: 0)
        let made = DecisionTable(PolicyEngine(workloads: hosts, policy: policy), at: instant)
        var table = try #require(made)
        let reference = FlatReference(workloads: hosts, policy: policy)
        // One source to all, then all to one, itself among them, and an address that nobody has.
        let pairs = (0...count).map { (1, $0) } + (0...count).map { ($0, 2) } as [(UInt32, UInt32)]
        let flows = pairs.flatMap { source, destination in
            [UInt16(1000 + destination), 1001, 80].map { (source, destination, $0) }
        }
        var keys = [UInt32](repeating: 0, count: flows.count)
        for _ in 0..<2 {
            flows.map { Self.bits($0.0) }.withUnsafeBufferPointer { sources in
                flows.map { Self.bits($0.1) }.withUnsafeBufferPointer { destinations in
                    [UInt8](repeating: 6, count: flows.count).withUnsafeBufferPointer { protocols in
                        flows.map(\.2).withUnsafeBufferPointer { ports in
                            keys.withUnsafeMutableBufferPointer { keys in
                                table.replay(
                                    sources: sources, destinations: destinations, protocols: protocols, ports: ports,
                                    into: keys)
                            }
                        }
                    }
                }
            }
            for (key, flow) in zip(keys, flows) {
                let asked = Flow(
                    source: FlowEnd(Self.address(flow.0)), destination: FlowEnd(Self.address(flow.1)), proto: .tcp,
                    sourcePort: 5000, destinationPort: flow.2)
                let decision = table.decision(DecisionTable.Key(rawValue: key))
                #expect(decision == reference.decide(asked, at: instant), "\(flow)")
                #expect(table.decide(asked).rawValue == key, "\(flow)")
            }
        }
        // Two bytes a pair once some source has met more than 255 rows.
        let isWide = table.pairBytes >= table.classCount * table.classCount * 2
        #expect(isWide == (count > 255))
    }

    private static func bits(_ host: UInt32) -> UInt32 { 0x0A00_0000 + host }
}
