import NetworkTypes
import PolicyModel

extension Tailnet {
    /// Stand-ins for a tailnet whose devices are not known: one for every tag and every user that the policy names, one for a user whom
    /// it does not name, and a second one of each user where `autogroup:self` is spoken of.
    ///
    /// Their addresses, one of each family, are made up and none that the policy names.
    init(standingInFor policy: TailscalePolicy, families: [AddressFamily]) {
        var tags = policy.tags
        var users = policy.owners
        var domains: Set<String> = []
        var literals = AddressSet()
        var speaksOfSelf = false
        for selector in policy.rules.flatMap({ $0.sources + $0.destinations.map(\.selector) }) {
            switch selector {
            case .tag(let name): tags.insert(name)
            case .user(let name): users.insert(name)
            case .domain(let name): domains.insert(name)
            case .addresses(let set): literals = literals.union(set)
            case .autogroup(.selfDevices): speaksOfSelf = true
            case .everything, .group, .host, .autogroup, .ipset, .service: break
            }
        }
        for name in policy.groups.keys.sorted() { users.formUnion(policy.groups[name] ?? []) }
        for name in policy.hosts.keys.sorted() { literals = literals.union(policy.hosts[name] ?? AddressSet()) }
        for name in policy.ipsets.keys.sorted() { literals = literals.union(policy.ipsets[name] ?? AddressSet()) }
        domains.formUnion(users.filter { $0.hasPrefix("*@") }.map { String($0.dropFirst(2)) })
        var made: [TailscaleDevice] = tags.sorted().map {
            TailscaleDevice(id: WorkloadID(rawValue: "tag:\($0)"), kind: .tagged, tags: [$0])
        }
        let people = users.filter { !$0.hasPrefix("*@") }.sorted() + domains.sorted().map { "*@\($0)" } + ["*"]
        for user in people {
            made.append(
                TailscaleDevice(
                    id: WorkloadID(rawValue: user == "*" ? "autogroup:member" : user), kind: .member, user: user))
            if speaksOfSelf {
                let second = user == "*" ? "autogroup:member/2" : "\(user)/2"
                made.append(TailscaleDevice(id: WorkloadID(rawValue: second), kind: .member, user: user))
            }
        }
        // From the top of Tailscale's own addresses downwards; small blocks of literals are stepped over.
        let small = AddressSet(literals.ranges.filter { $0.upper.bits - $0.lower.bits < 1 << 16 })
        let free = TailscalePolicy.ownAddresses.subtracting(small)
        var streams = families.map { Self.descending(free.intervals($0), $0) }
        for index in made.indices {
            made[index].addresses = streams.indices.compactMap { streams[$0].next() }
        }
        self.init(devices: made, isListed: false)
    }

    /// The members of a set from the highest downwards.
    private static func descending(
        _ set: IntervalSet<UInt128>, _ family: AddressFamily
    ) -> some IteratorProtocol<IPAddress> {
        set.intervals.reversed().lazy.flatMap { $0.reversed() }.compactMap { IPAddress(family, bits: $0) }
            .makeIterator()
    }
}
