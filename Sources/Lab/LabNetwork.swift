internal import Glibc
public import Netfilter
internal import NetworkTypes

/// Hosts on subnets of their own around one router, all in network namespaces that vanish with this object.
///
/// Host `n` (from 1) lives on 10.77.n.0/24 and fd77:0:0:n::/64, the router at `.1`, the host from `.10` on. Nothing
/// leads out.
public final class LabNetwork: Sendable {
    /// What forwards between the subnets; it filters nothing.
    public let router: NetworkNamespace
    /// The hosts, in the order asked for.
    public let hosts: [LabHost]

    /// Builds hosts with these names, at most 200, each with `addressesPerFamily` addresses of both families.
    ///
    /// Raises the process's soft limit of open files to the hard one: probes wait in hundreds.
    public init(_ names: [String], addressesPerFamily: Int = 1) throws {
        precondition((1...200).contains(names.count), "the plan of addresses has room for 200 subnets")
        precondition((1...100).contains(addressesPerFamily), "a host has 1 to 100 addresses of a family")
        Self.raiseFileLimit()
        router = try NetworkNamespace()
        try Self.prepare(router, forwards: true)
        var hosts: [LabHost] = []
        for (number, name) in zip(1..., names) {
            hosts.append(try Self.connect(name, subnet: number, addressesPerFamily, to: router))
        }
        self.hosts = hosts
        try settle()
    }

    /// Waits until every host hears every other one: the kernel brings links and IPv6 up a little later than asked.
    private func settle() throws {
        let cells = hosts.flatMap { source in
            source.addresses.flatMap { from in
                hosts.filter { $0.name != source.name }.flatMap(\.addresses).filter { $0.family == from.family }
                    .map {
                        Cell(
                            source: from, destination: $0, proto: from.family == .ipv4 ? .icmp : .icmpv6, port: 0)
                    }
            }
        }
        var open = cells
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let results = try probe(open, timeoutsMilliseconds: [100])
            open = zip(open, results).filter { $1.answer != .answered }.map(\.0)
            guard let first = open.first else { return }
            guard .now < deadline else {
                throw LabRefusal(
                    description: "the lab's network did not come up: \(first.source) cannot reach \(first.destination)")
            }
        }
    }

    /// The host of this name.
    public func host(_ name: String) -> LabHost? { hosts.first { $0.name == name } }

    private static func connect(
        _ name: String, subnet: Int, _ addressesPerFamily: Int, to router: NetworkNamespace
    ) throws -> LabHost {
        let namespace = try NetworkNamespace()
        try prepare(namespace, forwards: false)
        let places = 10..<(10 + addressesPerFamily)
        let texts = places.flatMap { ["10.77.\(subnet).\($0)", "fd77:0:0:\(subnet)::\($0)"] }
        // Without `nodad` an address is unusable for a second (RFC 4862 §5.4).
        try router.ip([
            "link add name host\(subnet) type veth peer name eth0 netns \(namespace.path)",
            "addr add 10.77.\(subnet).1/24 dev host\(subnet)",
            "addr add fd77:0:0:\(subnet)::1/64 dev host\(subnet) nodad",
            "link set host\(subnet) up",
        ])
        try namespace.ip(
            texts.map { text in
                text.contains(":") ? "addr add \(text)/64 dev eth0 nodad" : "addr add \(text)/24 dev eth0"
            } + [
                "link set eth0 up",
                "route add default via 10.77.\(subnet).1",
                "route add ::/0 via fd77:0:0:\(subnet)::1",
            ])
        return LabHost(
            name: name, addresses: texts.compactMap { IPAddress($0) }, namespace: namespace, sourcePorts: PortSequence()
        )
    }

    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func prepare(_ namespace: NetworkNamespace, forwards: Bool) throws {
        let flag = forwards ? "1" : "0"
        try namespace.set(sysctls: [
            ("net/ipv6/conf/default/accept_dad", "0"),
            ("net/ipv4/ip_forward", flag),
            ("net/ipv6/conf/all/forwarding", flag),
            // A closed port must say so every time it is asked, else it looks like a wall.
            ("net/ipv4/icmp_ratemask", "0"),
            ("net/ipv6/icmp/ratelimit", "0"),
            // Root of this user namespace may open echo sockets.
            ("net/ipv4/ping_group_range", "0 0"),
        ])
        try namespace.ip(["link set lo up"])
    }
}
