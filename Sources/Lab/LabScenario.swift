internal import NetworkTypes

/// What the demonstration is made of: three tiers, a visitor, their services, their habits.
enum LabScenario {
    /// The unmanaged customer and the three governed tiers, in the order of their subnets.
    static let names = ["visitor", "web", "app", "database"]
    static let governed = ["web", "app", "database"]

    /// Listeners that every tier has beside its own, so that the matrix meets open ports everywhere.
    private static let everywhere: [LabService] =
        [LabService(.tcp, 22, "ssh"), LabService(.tcp, 9100, "metrics")]
        + (9000..<9010).map { LabService(.tcp, $0, "batch") } + (9000..<9015).map { LabService(.udp, $0, "batch") }

    static func services(of name: String, _ network: LabNetwork) -> [LabService] {
        func next(_ name: String, _ port: UInt16) -> LabService.Endpoint {
            LabService.Endpoint(addresses: network.host(name)?.addresses ?? [], port: port)
        }
        return switch name {
        case "web":
            [LabService(.tcp, 443, "https", relay: next("app", 8080)), LabService(.udp, 443, "https")] + everywhere
        case "app":
            [LabService(.tcp, 8080, "api", relay: next("database", 5432)), LabService(.udp, 8125, "events")]
                + everywhere
        case "database": [LabService(.tcp, 5432, "sql"), LabService(.udp, 11211, "cache")] + everywhere
        default: []
        }
    }

    /// The TCP ports of the matrix: with a listener somewhere, and without one anywhere.
    static let matrixTCP: [UInt16] = [22, 80, 443, 3389, 5432, 6379, 8080, 8443, 9100] + Array(9000..<9022)
    /// The UDP ports of the matrix.
    static let matrixUDP: [UInt16] = [53, 123, 443, 514, 8125, 11211] + Array(9000..<9021)

    /// Every ordered pair of a host and a tier, in both families, on every port, and an echo request.
    static func cells(_ network: LabNetwork) -> [Cell] {
        var result: [Cell] = []
        for source in network.hosts {
            for name in governed where name != source.name {
                for family in AddressFamily.allCases {
                    guard let from = source.address(family), let to = network.host(name)?.address(family) else {
                        continue
                    }
                    func cell(_ proto: IPProtocol, _ port: UInt16) -> Cell {
                        Cell(source: from, destination: to, proto: proto, port: port)
                    }
                    result += matrixTCP.map { cell(.tcp, $0) } + matrixUDP.map { cell(.udp, $0) }
                    result.append(cell(family == .ipv4 ? .icmp : .icmpv6, 0))
                }
            }
        }
        return result
    }

    /// One habit of the hosts before anybody thought of boundaries.
    struct Habit: Sendable {
        let from: String
        let to: String
        let proto: IPProtocol
        let port: UInt16
        let isRelayed: Bool
        /// How often, in each family.
        let times: Int
    }

    /// What the hosts do all day; the last two are the shortcut that the boundary ends.
    static let habits: [Habit] = [
        Habit(from: "visitor", to: "web", proto: .tcp, port: 443, isRelayed: true, times: 8),
        Habit(from: "web", to: "app", proto: .udp, port: 8125, isRelayed: false, times: 10),
        Habit(from: "app", to: "database", proto: .udp, port: 11211, isRelayed: false, times: 6),
        Habit(from: "web", to: "database", proto: .tcp, port: 5432, isRelayed: true, times: 3),
        Habit(from: "web", to: "database", proto: .udp, port: 11211, isRelayed: false, times: 2),
    ]
}
