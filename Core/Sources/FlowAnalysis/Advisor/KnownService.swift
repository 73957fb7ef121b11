import Flows
import NetworkTypes
import PolicyModel

/// The services that the advisor knows by their ports (IANA, Service Name and Transport Protocol Port Number Registry,
/// unless said otherwise).
enum KnownService: String, CaseIterable {
    case dns, ntp, directory, monitoring, backup

    /// TCP, UDP or both of a port.
    private static func both(_ ports: UInt16...) -> Set<MapService> {
        Set(ports.flatMap { port in [.tcp, .udp].map { MapService(proto: $0, service: .port(port)) } })
    }

    private static func tcp(_ ports: UInt16...) -> Set<MapService> {
        Set(ports.map { MapService(proto: .tcp, service: .port($0)) })
    }

    private static func udp(_ ports: UInt16...) -> Set<MapService> {
        Set(ports.map { MapService(proto: .udp, service: .port($0)) })
    }

    /// What the service is asked for with.
    var members: Set<MapService> {
        switch self {
        case .dns: Self.both(53).union(Self.tcp(853))
        case .ntp: Self.udp(123)
        // Kerberos, LDAP, the global catalogue, password change, SMB and RPC (Microsoft, "Service overview and network port
        // requirements for Windows").
        case .directory: Self.both(88, 389, 464).union(Self.tcp(636, 3268, 3269, 135, 445))
        // SNMP, NRPE, Zabbix, Prometheus' node exporter (its wiki, "Default port allocations").
        case .monitoring: Self.udp(161, 162).union(Self.tcp(5666, 10_050, 10_051, 9100))
        // Bacula, Amanda, Veritas NetBackup, NDMP.
        case .backup: Self.tcp(9101, 9102, 9103, 10_080, 1556, 13_724, 10_000)
        }
    }

    /// Whether `service` belongs to it, at a destination that serves `served`.
    func covers(_ service: MapService, at served: Set<MapService>) -> Bool {
        guard self == .directory else { return members.contains(service) }
        // RPC and file shares are a directory's only where tickets are given out; its dynamic ports are named by port 135.
        let isDirectory =
            served.contains(MapService(proto: .tcp, service: .port(88)))
            || served.contains(MapService(proto: .udp, service: .port(88)))
        return isDirectory && (members.contains(service) || DynamicPorts.isRPC(service))
    }

    /// What one host administers another with: SSH, Telnet, RDP, VNC, WinRM.
    private static let administration = tcp(22, 23, 3389, 5900, 5985, 5986)
    /// What Windows hosts of one kind have of each other only when one administers the other: RPC, NetBIOS, SMB.
    private static let amongEquals = tcp(135, 139, 445)

    /// Whether the service is administration; among members of one group more is than towards a server.
    static func isAdministration(_ service: MapService, isRPC: Bool, amongEquals isAmongEquals: Bool) -> Bool {
        administration.contains(service) || isAmongEquals && (isRPC || amongEquals.contains(service))
    }
}

/// Protocols whose first connection names the port of the next.
enum DynamicPorts {
    /// RPC on Windows: the dynamic range (RFC 6335 §6), named by the endpoint mapper at TCP 135.
    static let rpc: ClosedRange<UInt16> = 49_152...65_535
    /// What names the dynamic ports of remote procedure calls.
    static let endpointMapper = MapService(proto: .tcp, service: .port(135))
    /// The most ports of one pair that a rule lists; more are taken for drawn, and become a range.
    static let longestList = 16

    static func isRPC(_ service: MapService) -> Bool {
        if service.proto == .tcp, case .port(let port) = service.service { return rpc.contains(port) }
        return false
    }

    /// The services of one pair as terms, with what was taken for drawn.
    static func terms(_ services: Set<MapService>) -> (terms: [ServiceTerm], note: String?) {
        var ports: [IPProtocol: Set<UInt16>] = [:]
        var terms: [ServiceTerm] = []
        var notes: [String] = []
        for service in services.sorted() {
            switch service.service {
            case .port(let port): ports[service.proto, default: []].insert(port)
            case .icmp(let message): terms.append(.icmp(service.proto, type: message.type, code: message.code))
            case .unspecified: terms.append(.proto(service.proto))
            }
        }
        for (proto, own) in ports.sorted(by: { $0.key < $1.key }) {
            var set = PortSet(own.map { $0...$0 })
            let drawn = own.filter { $0 >= 1024 }
            if proto == .tcp, own.contains(135), own.contains(where: rpc.contains) {
                set = set.union(PortSet(rpc))
                notes.append("remote procedure calls: TCP 135 names a port of the dynamic range")
            } else if proto == .tcp, own.contains(21), drawn.count > 1, let low = drawn.min(), let high = drawn.max() {
                set = set.union(PortSet(low...high))
                notes.append(
                    "passive FTP: TCP 21 names the port of each transfer; set the server's passive range and this one to the same"
                )
            } else if drawn.count > longestList, let low = drawn.min(), let high = drawn.max() {
                set = set.union(PortSet(low...high))
                notes.append("\(drawn.count) ports were seen, which look drawn anew each time")
            }
            terms += set.intervals.map { .ports(proto, destination: PortSet($0), source: .all) }
        }
        return (terms, notes.isEmpty ? nil : notes.joined(separator: "; "))
    }
}
