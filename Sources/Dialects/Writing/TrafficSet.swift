import NetworkTypes
import PolicyAnalysis
import PolicyModel

/// A set of protocols with destination ports or ICMP messages, exact; source ports and named ports are outside it.
struct TrafficSet: Hashable, Sendable {
    /// Whether protocols without an entry are wholly inside; otherwise they are wholly outside.
    private var rest: Bool
    // INVARIANT: no entry equals what `rest` says of its protocol.
    /// Ports, or ICMP type × 256 + code; of other protocols everything or nothing.
    private var parts: [IPProtocol: PortSet]

    /// All traffic.
    static let all = TrafficSet(rest: true, parts: [:])
    /// No traffic.
    static let none = TrafficSet(rest: false, parts: [:])

    private init(rest: Bool, parts: [IPProtocol: PortSet]) {
        self.rest = rest
        let usual: PortSet = rest ? .all : PortSet()
        self.parts = parts.filter { $0.value != usual }
    }

    /// The traffic that a term covers, or nil when it asks for more than this type can hold.
    private init?(_ term: ServiceTerm) {
        switch term {
        case .any: self = .all
        case .proto(let proto): self.init(rest: false, parts: [proto: .all])
        case .ports(let proto, let destination, let source):
            guard source == .all || source.isEmpty || !proto.hasPorts else { return nil }
            let isEmpty = source.isEmpty || !proto.hasPorts
            self.init(rest: false, parts: [proto: isEmpty ? PortSet() : destination])
        case .icmp(let proto, let type, let code):
            guard proto.isICMP else {
                self = .none
                return
            }
            let first = UInt16(type) << 8
            self.init(
                rest: false, parts: [proto: code.map { PortSet(first | UInt16($0)) } ?? PortSet(first...(first | 255))])
        case .named: return nil
        }
    }

    /// The traffic that the terms cover together, or nil when one asks for more than this type can hold.
    init?(_ terms: [ServiceTerm]) {
        var result = TrafficSet.none
        for term in terms {
            guard let part = TrafficSet(term) else { return nil }
            result = result.union(part)
        }
        self = result
    }

    /// Whether all traffic of every other protocol is inside.
    func coversAll(besides protocols: [IPProtocol]) -> Bool {
        (UInt8.min...UInt8.max).map { IPProtocol(rawValue: $0) }.allSatisfy { protocols.contains($0) || self[$0] == .all }
    }

    /// The destinations of an exact set, whatever their source ports.
    init(_ set: ServiceSet) {
        var intervals: [IPProtocol: [ClosedRange<UInt16>]] = [:]
        for part in set.parts {
            let isSplit = part.proto.hasPorts || part.proto.isICMP
            intervals[part.proto, default: []].append(isSplit ? part.destination : UInt16.min...UInt16.max)
        }
        var parts: [IPProtocol: PortSet] = [:]
        for number in UInt8.min...UInt8.max {
            let proto = IPProtocol(rawValue: number)
            parts[proto] = PortSet(intervals[proto] ?? [])
        }
        // 253 is for experiments (RFC 3692 §2.1), so what holds for it holds for most.
        self.init(rest: parts[IPProtocol(rawValue: 253)] == .all, parts: parts)
    }

    var isEmpty: Bool { !rest && parts.isEmpty }

    /// The ports or messages of one protocol.
    subscript(proto: IPProtocol) -> PortSet { parts[proto] ?? (rest ? .all : PortSet()) }

    /// The protocols that are treated apart, ascending.
    var protocols: [IPProtocol] { parts.keys.sorted() }

    /// Whether every protocol without an entry is inside.
    var coversOthers: Bool { rest }

    func union(_ other: Self) -> Self { combined(other, rest || other.rest) { $0.union($1) } }
    func intersection(_ other: Self) -> Self { combined(other, rest && other.rest) { $0.intersection($1) } }
    func subtracting(_ other: Self) -> Self { combined(other, rest && !other.rest) { $0.subtracting($1) } }

    private func combined(_ other: Self, _ rest: Bool, _ by: (PortSet, PortSet) -> PortSet) -> Self {
        var result: [IPProtocol: PortSet] = [:]
        for proto in Set(parts.keys).union(other.parts.keys) { result[proto] = by(self[proto], other[proto]) }
        return TrafficSet(rest: rest, parts: result)
    }

    /// Terms that cover exactly this, by protocol and port.
    var terms: [ServiceTerm] {
        if self == .all { return [.any] }
        let listed = rest ? (UInt8.min...UInt8.max).map { IPProtocol(rawValue: $0) } : protocols
        return listed.flatMap { proto -> [ServiceTerm] in
            let set = self[proto]
            if set.isEmpty { return [] }
            if set == .all { return [.proto(proto)] }
            if proto.isICMP { return Self.messages(proto, set) }
            return set.intervals.map { .ports(proto, destination: PortSet($0)) }
        }
    }

    private static func messages(_ proto: IPProtocol, _ set: PortSet) -> [ServiceTerm] {
        (UInt8.min...UInt8.max).flatMap { type -> [ServiceTerm] in
            let first = UInt16(type) << 8
            let whole = PortSet(first...(first | 255))
            let codes = set.intersection(whole)
            if codes == whole { return [.icmp(proto, type: type, code: nil)] }
            return codes.intervals.flatMap { $0.map { .icmp(proto, type: type, code: UInt8(truncatingIfNeeded: $0)) } }
        }
    }
}

/// The services of a written rule: a set that can be computed with, or terms that can only be carried along.
enum TrafficServices: Hashable, Sendable {
    /// Protocols and destination ports.
    case set(TrafficSet)
    /// Terms with named or source ports.
    case carried([ServiceTerm])

    init(_ terms: [ServiceTerm]) {
        self = TrafficSet(terms).map { .set($0) } ?? .carried(terms)
    }

    /// The services of an exact set.
    init(_ set: ServiceSet) {
        guard set.parts.contains(where: { $0.source != .all }) else {
            self = .set(TrafficSet(set))
            return
        }
        // Only protocols with ports have source ports; the others can stand together.
        let narrowed = set.parts.filter { $0.source != .all }
        let whole = set.subtracting(
            narrowed.reduce(ServiceSet()) {
                $0.union(ServiceSet($1.proto, destination: PortSet($1.destination)))
            })
        self = .carried(
            TrafficSet(whole).terms
                + narrowed.map { .ports($0.proto, destination: PortSet($0.destination), source: $0.source) })
    }

    var isEmpty: Bool { self == .set(.none) }

    var terms: [ServiceTerm] {
        switch self {
        case .set(let set): set.terms
        case .carried(let terms): terms
        }
    }

    /// What both cover.
    func intersection(_ other: Self) throws(NotSymbolic) -> Self {
        if self == other || other == .set(.all) || isEmpty { return self }
        if self == .set(.all) || other.isEmpty { return other }
        guard case .set(let mine) = self, case .set(let theirs) = other else {
            throw NotSymbolic(reason: "services with named or source ports meet other services")
        }
        return .set(mine.intersection(theirs))
    }

    /// What the other does not cover.
    func subtracting(_ other: Self) throws(NotSymbolic) -> Self {
        if self == other || other == .set(.all) { return .set(.none) }
        if other.isEmpty || isEmpty { return self }
        guard case .set(let mine) = self, case .set(let theirs) = other else {
            throw NotSymbolic(reason: "services with named or source ports meet other services")
        }
        return .set(mine.subtracting(theirs))
    }
}

/// A policy cannot be taken over rule by rule.
struct NotSymbolic: Error {
    /// Why, lower case, without a final stop.
    let reason: String
}
