public import NetworkTypes
public import PolicyModel

/// The few things that all random worlds are made of; few, so that rules meet flows, and each other, often.
public enum Universe {
    /// The label dimensions with their values; any of them may be absent.
    public static let labels: [(key: LabelKey, values: [LabelValue])] = [
        ("app", ["web", "db", "ops"]), ("env", ["prod", "dev"]), ("loc", ["a", "b"]),
    ].compactMap { pair in
        LabelKey(pair.0).map { ($0, pair.1.compactMap { LabelValue($0) }) }
    }

    /// The ports that rules and flows mention.
    public static let ports: [UInt16] = [53, 80, 443]
    /// Recorded source ports, on both sides of where unrecorded ones begin.
    public static let sourcePorts: [UInt16] = [53, 1023, 1024, 40_000, 65_535]
    /// Sets that narrow a source port, or let replies through.
    public static let sourcePortSets = [
        PortSet(1024...65535), PortSet(32_768...60_999), PortSet(53), PortSet(0...39_999),
    ]
    /// The names that workloads may give to ports.
    public static let portNames: [PortName] = ["http", "metrics"]
    /// Processes.
    public static let processes: [ProcessName] = ["/usr/bin/web", "/usr/bin/db"]
    /// Principals; what rules ask for is a name or a group.
    public static let principals = [Principal(name: "ann", groups: ["staff"]), Principal(name: "bob")]
    /// What rules ask of principals.
    public static let principalNames = ["ann", "bob", "staff"]
    /// Facts.
    public static let conditions: [ConditionName] = ["healthy", "on-call"]
    /// Address sets; `empty` has no member, `undefined` is never defined.
    public static let addressSets: [AddressSetID] = ["partners", "wide", "empty", "undefined"]
    /// Where validity begins and ends.
    public static let boundaries = [Instant(rawValue: 100), Instant(rawValue: 200)]
    /// The numbers of the addresses that workloads may have.
    public static let managed = 1...8
    /// The numbers of the addresses that no workload has; the last is a group's.
    public static let unmanaged = 9...11

    /// The address of a number: managed ones lie in one /28, unmanaged ones apart, one of them beside the managed.
    public static func address(_ number: Int, _ family: AddressFamily) -> IPAddress {
        let host = UInt128(number)
        switch (family, number) {
        case (.ipv4, 10): return IPAddress(ipv4: 0xC000_0200 + 10)  // 192.0.2.10
        case (.ipv4, 11): return IPAddress(ipv4: 0xE000_00FB)  // 224.0.0.251, RFC 6762
        case (.ipv4, _): return IPAddress(ipv4: 0x0A00_0000 + UInt32(truncatingIfNeeded: number))
        case (.ipv6, 10): return IPAddress(ipv6: 0x2001_0DB8_0002 << 80 | 10)
        case (.ipv6, 11): return IPAddress(ipv6: 0xFF02 << 112 | 0xFB)
        case (.ipv6, _): return IPAddress(ipv6: 0x2001_0DB8 << 96 | host)
        }
    }

    /// The number of leading bits that managed addresses of a family share when they lie in one block of `size`.
    static func block(_ number: Int, hostBits: Int, _ family: AddressFamily) -> Prefix {
        Prefix(address(number, family), length: family.width - hostBits) ?? .all(family)
    }

    /// Blocks that are equal to, inside, around and across each other, and the lone addresses.
    static func prefix(using rng: inout some RandomNumberGenerator, families: [AddressFamily]) -> Prefix {
        let family = rng.pick(families)
        switch rng.below(8) {
        case 0: return .all(family)
        case 1: return block(1, hostBits: 4, family)
        case 2: return block(4, hostBits: 2, family)
        case 3: return block(2, hostBits: 1, family)
        case 4: return block(10, hostBits: 8, family)
        default: return Prefix(address(managed.lowerBound + rng.below(unmanaged.upperBound), family))
        }
    }
}

extension Instant {
    /// An instant at, just before, just after or between the boundaries of validities.
    public static func random(using rng: inout some RandomNumberGenerator) -> Instant {
        Instant(rawValue: rng.pick([99, 100, 101, 150, 199, 200, 201]))
    }
}
