import NetworkTypes
import PolicyModel

/// A published world: workloads and policy as people would write them, drawn from a shape.
struct World {
    let shape: WorldShape
    let workloads: [Workload]
    let policy: Policy
    /// The IPv4 address of each workload.
    let addresses: [UInt32]
    /// Workloads that also have an IPv6 address.
    let dualStack: [Int]
    /// The places of workloads that differ in nothing that policy tells apart.
    let groups: [[Int]]
    /// The group of each workload.
    let groupOf: [Int]
    /// The environment of an application that each workload is in, and the groups of each.
    let applicationOf: [Int]
    let groupsOfApplication: [[Int]]
    /// Exact services that rules are about.
    let services: [Service]

    /// One port of one protocol.
    struct Service: Hashable {
        let proto: IPProtocol
        let port: UInt16
        var term: ServiceTerm { .ports(proto, destination: PortSet(port)) }
    }

    init(_ shape: WorldShape) {
        self.shape = shape
        var random = SplitMix64(seed: shape.seed)
        let services = Self.services(&random)
        self.services = services
        let inventory = Inventory(shape, &random)
        workloads = inventory.workloads
        addresses = inventory.addresses
        dualStack = inventory.dualStack
        groups = inventory.groups
        groupOf = inventory.groupOf
        applicationOf = inventory.applicationOf
        groupsOfApplication = inventory.groupsOfApplication
        policy = PolicyWriter(shape, inventory.roles, services).policy(&random)
    }

    /// 120 services with one port each: four in five over TCP.
    private static func services(_ random: inout SplitMix64) -> [Service] {
        var result: [Service] = []
        var seen: Set<Service> = []
        while result.count < 120 {
            let service = Service(
                proto: random.below(5) == 0 ? .udp : .tcp, port: UInt16(1000 + random.below(20_000)))
            if seen.insert(service).inserted { result.append(service) }
        }
        return result
    }
}

/// The instants that matter to a published world.
enum Moments {
    /// When all flows are judged: 2026-11-22T00:00:00Z.
    static let now = Instant(rawValue: 1_795_305_600_000_000_000)
    /// When the exceptions of guardrails end; a year later.
    static let later = Instant(rawValue: 1_826_841_600_000_000_000)
}

/// Label keys and values by their text, which is right by construction.
enum Named {
    static func key(_ text: String) -> LabelKey {
        guard let key = LabelKey(text) else { preconditionFailure("`\(text)` is a label key") }
        return key
    }

    static func value(_ text: String) -> LabelValue {
        guard let value = LabelValue(text) else { preconditionFailure("`\(text)` is a label value") }
        return value
    }

    static func number(_ prefix: String, _ number: Int, digits: Int = 3) -> String {
        let text = String(number)
        return prefix + String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
