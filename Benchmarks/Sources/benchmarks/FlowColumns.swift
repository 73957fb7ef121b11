import NetworkTypes
import PolicyModel

/// Flows held as columns, all IPv4.
struct FlowColumns {
    var sources: [UInt32] = []
    var destinations: [UInt32] = []
    var protocols: [UInt8] = []
    var ports: [UInt16] = []

    /// How the ends of flows are drawn.
    enum Popularity: String, CaseIterable {
        /// Every workload as often as every other: the hardest for caches.
        case uniform
        /// A workload's share falls with its rank.
        case zipf
    }

    /// For flows that stand for pairs of groups: the groups.
    var groups: [(Int, Int)] = []

    var count: Int { sources.count }

    /// Nine in ten flows between workloads, half of them inside an application and environment; the rest with one
    /// address that no workload has.
    ///
    /// TCP 80 %, UDP 17 %, ICMP echo 3 %; half of the ports are some service's.
    init(_ world: World, _ popularity: Popularity, count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let total = world.addresses.count
        // Ranks are spread over the workloads by a permutation.
        var order = [Int](0..<total)
        order.shuffle(using: &random)
        let ends = popularity == .zipf ? Inventory.zipf(total, 1) : []
        func workload() -> Int {
            switch popularity {
            case .uniform: random.below(total)
            case .zipf: order[Inventory.place(in: ends, random.share())]
            }
        }
        reserve(count)
        for _ in 0..<count {
            let one = workload()
            var source = world.addresses[one]
            var destination: UInt32
            switch random.below(20) {
            case 0: destination = Self.outside(&random)
            case 1:
                destination = source
                source = Self.outside(&random)
            case 2..<11:
                let groups = world.groupsOfApplication[world.applicationOf[one]]
                destination = world.addresses[random.pick(world.groups[random.pick(groups)])]
            default: destination = world.addresses[workload()]
            }
            sources.append(source)
            destinations.append(destination)
            switch random.below(100) {
            case 0..<3:
                protocols.append(IPProtocol.icmp.rawValue)
                ports.append(8 << 8)
            case 3..<50:
                let service = random.pick(world.services)
                protocols.append(service.proto.rawValue)
                ports.append(service.port)
            default:
                protocols.append(random.below(6) == 0 ? IPProtocol.udp.rawValue : IPProtocol.tcp.rawValue)
                ports.append(UInt16(random.below(65_536)))
            }
        }
    }

    /// One flow over a service's port from each group of workloads to each other one.
    init(pairsOf world: World, _ service: World.Service) {
        reserve(world.groups.count * world.groups.count)
        groups.reserveCapacity(world.groups.count * world.groups.count)
        for (from, members) in world.groups.enumerated() {
            for (to, others) in world.groups.enumerated() {
                // Inside a group the ends are two workloads; a group of one has no such pair.
                if from == to, members.count < 2 { continue }
                groups.append((from, to))
                sources.append(world.addresses[members[0]])
                destinations.append(world.addresses[others[from == to ? 1 : 0]])
                protocols.append(service.proto.rawValue)
                ports.append(service.port)
            }
        }
    }

    private mutating func reserve(_ count: Int) {
        sources.reserveCapacity(count)
        destinations.reserveCapacity(count)
        protocols.reserveCapacity(count)
        ports.reserveCapacity(count)
    }

    /// A partner's address or any other one outside 10.0.0.0/8.
    private static func outside(_ random: inout SplitMix64) -> UInt32 {
        if random.below(2) == 0 { return 198 << 24 | 18 << 16 | UInt32(random.below(1 << 17)) }
        return UInt32(11 + random.below(180)) << 24 | UInt32(random.below(1 << 24))
    }

    /// A flow of the columns as the engine takes it; the source port was not recorded.
    func flow(_ index: Int) -> Flow {
        let proto = IPProtocol(rawValue: protocols[index])
        let port = ports[index]
        return Flow(
            source: FlowEnd(IPAddress(ipv4: sources[index])),
            destination: FlowEnd(IPAddress(ipv4: destinations[index])),
            proto: proto, destinationPort: proto.hasPorts ? port : 0,
            icmp: proto.isICMP ? ICMPMessage(type: UInt8(port >> 8), code: UInt8(port & 0xFF)) : nil)
    }
}
