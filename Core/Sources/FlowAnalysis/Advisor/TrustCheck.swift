import Flows
import NetworkTypes
import PolicyModel

/// Tells which edges may become rules.
struct TrustCheck {
    private let ends: AdviceEnds
    /// The ends of what is public.
    private let publicEnds: AdviceEnds
    /// Nanoseconds from the first beginning of a connection to the last.
    private let span: Int64
    /// For each scanner the services that it tried many hosts on, the hosts that it tried many ports of, and how many.
    private var scannedServices: [Tried: Int] = [:]
    private var scannedHosts: [Pair: Int] = [:]
    /// Sources that visited many destinations on one service for a short time.
    private var fanOuts: [Tried: Int] = [:]
    /// The span of each cell: groups and service.
    private var cells: [Cell: ClosedRange<Int64>] = [:]
    /// Hosts whose endpoint mapper was asked, so that their dynamic ports are those of remote procedure calls.
    private var rpcHosts: Set<IPAddress> = []
    /// Services that many addresses of the internet ask for.
    private var publicServices: Set<Served> = []

    private struct Tried: Hashable {
        let source: IPAddress
        let service: MapService
    }

    private struct Pair: Hashable {
        let source: IPAddress
        let destination: IPAddress
    }

    private struct Served: Hashable {
        let destination: IPAddress
        let service: MapService
    }

    private struct Cell: Hashable {
        let source: AdviceGroup
        let destination: AdviceGroup
        let service: MapService
    }

    init(_ observed: [TimedEdge], _ ends: AdviceEnds, publicEnds: AdviceEnds) {
        (self.ends, self.publicEnds) = (ends, publicEnds)
        let first = observed.map(\.edge.firstSeen.rawValue).min() ?? 0
        let last = observed.map(\.lastStart.rawValue).max() ?? 0
        span = last - first
        var failedHosts: [Tried: Set<IPAddress>] = [:]
        var failedPorts: [Pair: Set<MapService>] = [:]
        var visits: [Tried: [Bool]] = [:]
        var clients: [Served: Set<IPAddress>] = [:]
        for timed in observed {
            let key = timed.edge.key
            let service = key.mapService
            let tried = Tried(source: key.source, service: service)
            if service == DynamicPorts.endpointMapper { rpcHosts.insert(key.destination) }
            if timed.edge.failed >= timed.edge.connections {
                failedHosts[tried, default: []].insert(key.destination)
                failedPorts[Pair(source: key.source, destination: key.destination), default: []].insert(service)
                continue
            }
            if ends.isManaged(key.destination) { visits[tried, default: []].append(timed.isBrief) }
            if !ends.isManaged(key.source), AddressKind(key.source) == .global, ends.isManaged(key.destination) {
                clients[Served(destination: key.destination, service: service), default: []].insert(key.source)
            }
            guard let source = ends.group(of: key.source), let destination = ends.group(of: key.destination) else {
                continue
            }
            let cell = Cell(source: source, destination: destination, service: service)
            let (from, to) = (timed.edge.firstSeen.rawValue, timed.lastStart.rawValue)
            let known = cells[cell] ?? from...to
            cells[cell] = min(known.lowerBound, from)...max(known.upperBound, to)
        }
        scannedServices = failedHosts.mapValues(\.count).filter { $0.value >= DoubtLimits.scannedHosts }
        scannedHosts = failedPorts.mapValues(\.count).filter { $0.value >= DoubtLimits.scannedPorts }
        fanOuts = visits.filter { tried, briefs in
            briefs.count >= DoubtLimits.fanOut && briefs.count(where: \.self) * 2 > briefs.count
                && !KnownService.monitoring.members.contains(tried.service)
                && !KnownService.backup.members.contains(tried.service)
        }.mapValues(\.count)
        publicServices = Set(clients.filter { $0.value.count >= DoubtLimits.publicClients }.keys)
    }

    /// Whether a service is asked for by so many strangers that it is meant for everybody.
    func isPublic(_ key: EdgeKey) -> Bool {
        AddressKind(key.source) == .global && !ends.isManaged(key.source)
            && publicServices.contains(Served(destination: key.destination, service: key.mapService))
    }

    /// Why an edge is not trusted; nil when it is.
    func doubt(_ timed: TimedEdge) -> Doubt? {
        let (edge, key) = (timed.edge, timed.edge.key)
        let service = key.mapService
        if edge.failed >= edge.connections { return scan(edge) ?? .failed }
        if edge.connections <= DoubtLimits.scannedConnections, let scan = scan(edge) { return scan }
        if timed.isBrief, let count = fanOuts[Tried(source: key.source, service: service)] {
            return .fanOut(destinations: count)
        }
        let (source, destination) = (ends.group(of: key.source), ends.group(of: key.destination))
        if isPublic(key) {
            return publicEnds.group(of: key.destination) == nil ? publicEnds.doubt(key.destination) : nil
        }
        guard let source, let destination else {
            if let beacon = beacon(timed) { return beacon }
            return source == nil ? ends.doubt(key.source) : ends.doubt(key.destination)
        }
        if mayBeAdministration(edge) { return .administration }
        let cell = cells[Cell(source: source, destination: destination, service: service)]
        let isBrief = cell.map { $0.upperBound - $0.lowerBound < Instant.hour } ?? true
        guard isBrief else { return nil }
        let isRPC = DynamicPorts.isRPC(service) && rpcHosts.contains(key.destination)
        if KnownService.isAdministration(service, isRPC: isRPC, amongEquals: source == destination) {
            return .administration
        }
        return span >= Instant.day ? .oneOff : nil
    }

    /// Whether an edge of uncertain direction is administration the other way round: who administers from a port such as 443
    /// does not pass for the one who is administered.
    private func mayBeAdministration(_ edge: ObservedEdge) -> Bool {
        edge.reversals.contains { asked, _ in
            guard case .reversed(let port?) = asked else { return false }
            let service = MapService(proto: edge.key.proto, service: .port(port))
            return KnownService.isAdministration(service, isRPC: false, amongEquals: false)
        }
    }

    private func scan(_ edge: ObservedEdge) -> Doubt? {
        let key = edge.key
        let count =
            scannedServices[Tried(source: key.source, service: key.mapService)]
            ?? scannedHosts[Pair(source: key.source, destination: key.destination)]
        return count.map { .scan(targets: $0) }
    }

    /// Whether the connections of an edge begin at even intervals: the middle deviation from the middle interval is small.
    private func beacon(_ timed: TimedEdge) -> Doubt? {
        guard timed.starts.count >= DoubtLimits.beaconConnections else { return nil }
        let intervals = zip(timed.starts.dropFirst(), timed.starts).map { $0.rawValue - $1.rawValue }.sorted()
        let middle = intervals[intervals.count / 2]
        guard middle > 0 else { return nil }
        let deviations = intervals.map { abs($0 - middle) }.sorted()
        guard Double(deviations[deviations.count / 2]) <= DoubtLimits.beaconDispersion * Double(middle) else {
            return nil
        }
        return .beacon(seconds: Int(middle / 1_000_000_000), connections: timed.starts.count)
    }
}

extension EdgeKey {
    /// The service of the edge.
    var mapService: MapService { MapService(proto: proto, service: service) }
}
