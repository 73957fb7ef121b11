import Dialects
import NetworkTypes
import PolicyModel

/// A generator whose numbers depend on its seed alone: SplitMix64 (Steele, Lea and Flood, 2014).
struct WritingRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func pick<Element>(_ items: [Element]) -> Element? { items.randomElement(using: &self) }
}

/// A tiny universe in which every kind of pair occurs.
enum WritingWorld {
    static func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 1) }

    static func key(_ text: String) -> LabelKey {
        guard let key = LabelKey(text) else { preconditionFailure("a test names a label that is none") }
        return key
    }

    static func value(_ text: String) -> LabelValue {
        guard let value = LabelValue(text) else { preconditionFailure("a test names a value that is none") }
        return value
    }

    static let namespace = key("ns/kubernetes.io/metadata.name")
    static let app = key("pod/app")
    static let tier = key("pod/tier")

    /// Pods of two namespaces; one has no `tier`, two are alike.
    static let workloads: [Workload] = [
        ("x/a", "x", "a", "front", "10.0.0.1"), ("x/b", "x", "b", "back", "10.0.0.2"),
        ("x/b2", "x", "b", "back", "10.0.0.3"), ("y/a", "y", "a", "front", "10.0.1.1"),
        ("y/c", "y", "c", nil, "10.0.1.2"),
    ].map { id, space, app, tier, address in
        var labels: Labels = [namespace: value(space), Self.app: value(app)]
        if let tier { labels[Self.tier] = value(tier) }
        return Workload(
            id: WorkloadID(rawValue: id), labels: labels, addresses: [Self.address(address)],
            namedPorts: app == "a" ? ["web": [ProtocolPort(.tcp, 80)]] : ["web": [ProtocolPort(.tcp, 8080)]])
    }

    static func selector(_ random: inout WritingRandom) -> Selector {
        let options: [Selector] = [
            .equals(namespace, value("x")), .equals(namespace, value("y")), .equals(app, value("a")),
            .equals(app, value("b")), .isIn(app, [value("b"), value("c")]), .notEquals(app, value("a")),
            .exists(tier), .notExists(tier), .all, .notIn(app, [value("a"), value("c")]),
            .and([.equals(namespace, value("x")), .equals(app, value("b"))]),
            .and([.equals(namespace, value("y")), .notExists(tier)]),
        ]
        return random.pick(options) ?? .all
    }

    static func addresses(_ random: inout WritingRandom) -> AddressSet {
        let texts = [["192.0.2.0/24"], ["192.0.2.0/25", "203.0.113.0/24"], ["10.0.0.0/24"], ["2001:db8::/32"]]
        return AddressSet((random.pick(texts) ?? []).compactMap { Prefix($0) })
    }

    static func end(_ random: inout WritingRandom) -> EndExpression {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .any
        case 1: .anyWorkload
        case 2: .addresses(addresses(&random))
        case 3: .difference(.addresses(addresses(&random)), .anyWorkload)
        case 4: .union([.selector(selector(&random)), .difference(.addresses(addresses(&random)), .anyWorkload)])
        case 5: .workload(random.pick(workloads)?.id ?? "x/a")
        case 6: .addressSet("office")
        default: .selector(selector(&random))
        }
    }

    static func services(_ random: inout WritingRandom) -> [ServiceTerm] {
        let options: [[ServiceTerm]] = [
            [.any], [.proto(.tcp)], [.ports(.tcp, destination: PortSet(80))],
            [.ports(.tcp, destination: PortSet(80...90)), .ports(.udp, destination: PortSet(53))], [.named("web")],
            [.icmp(.icmp, type: 8, code: nil)], [.any],
        ]
        return random.pick(options) ?? [.any]
    }

    static let sets: [AddressSetID: AddressSet] = [
        "office": AddressSet([Prefix("198.51.100.0/24"), Prefix("2001:db8:1::/48")].compactMap { $0 })
    ]
}
