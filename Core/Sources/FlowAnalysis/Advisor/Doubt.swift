import NetworkTypes

/// Why the advisor does not trust an edge, and leaves it to people.
public enum Doubt: Hashable, Sendable {
    /// No connection came about.
    case failed
    /// The source failed at many hosts or ports, and this is one of those that it tried.
    case scan(targets: Int)
    /// The source reached many destinations on one service for a short time.
    case fanOut(destinations: Int)
    /// An address that no workload has and no set names was asked again and again at even intervals.
    case beacon(seconds: Int, connections: Int)
    /// One host administered another, for less than an hour.
    case administration
    /// Nothing like it happened in any other hour of a day or more.
    case oneOff
    /// An end lies outside every subnet that workloads lie in (/24, /64), and no set names it.
    case externalPeer
    /// An end lies among workloads, and is none and in no set.
    case unknownHost
    /// An end is shared by workloads of different groups.
    case sharedAddress
    /// An end is no host: multicast, broadcast, or no address yet.
    case noHost

    /// A stable word for it.
    public var name: String {
        switch self {
        case .failed: "failed"
        case .scan: "scan"
        case .fanOut: "fan-out"
        case .beacon: "beacon"
        case .administration: "administration"
        case .oneOff: "one-off"
        case .externalPeer: "external-peer"
        case .unknownHost: "unknown-host"
        case .sharedAddress: "shared-address"
        case .noHost: "no-host"
        }
    }

    /// Whether somebody should look at it before anything else: it is what an intruder's traffic looks like.
    public var isSuspicious: Bool {
        switch self {
        case .scan, .fanOut, .beacon, .administration, .externalPeer: true
        case .failed, .oneOff, .unknownHost, .sharedAddress, .noHost: false
        }
    }
}

/// From when on traffic is doubted.
enum DoubtLimits {
    /// Hosts that one source failed to reach on one port: `Scan::addr_scan_threshold` of Zeek's policy/misc/scan.
    static let scannedHosts = 25
    /// Ports of one host that one source failed to reach: `Scan::port_scan_threshold` of the same.
    static let scannedPorts = 15
    /// A scanner's edge of more connections is looked at as that of anybody: scans try a target once to three times (a SYN
    /// is sent again at most six times by Linux, `tcp_syn_retries`, of one connection).
    static let scannedConnections = 3
    /// Destinations on one service from which on a short visit to all is a fan-out: half of what a scanner is known by,
    /// since these connections came about.
    static let fanOut = 12
    /// Connections from which on intervals are compared: the least that RITA's beacon analysis looks at.
    static let beaconConnections = 20
    /// How far the middle interval's deviations may lie from it, as a share: the dispersion at which RITA's score, one less
    /// the deviation by the middle, is 0.9.
    static let beaconDispersion = 0.1
    /// Addresses of the internet from which on a service is taken for public: as many as make a scan of their own.
    static let publicClients = 25
}
