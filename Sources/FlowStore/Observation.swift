import Flows
import NetworkTypes

/// What one record says about its connection, in the store's terms; also the sum of several.
struct Observation {
    /// What kind of report the record was.
    enum Stage: Int64 {
        case complete, opened, alive, closed
    }

    var icmpID: Int64?
    var start: Int64
    var end: Int64
    /// Until when the connection may have gone on unseen; `end` when it is known to be over.
    var until: Int64
    var packetsOut, bytesOut, packetsIn, bytesIn: Int64?
    var state: ConnectionState
    var failed: Bool
    var askedAddress: String?
    var askedPort: Int64?
    var direction: Int64
    var application: String?
    var stage: Stage

    /// A record whose times are unknown counts as seen at `observedAt`.
    init(_ record: FlowRecord, observedAt: Instant) {
        icmpID = record.icmpIdentifier.map(Int64.init)
        start = (record.start ?? record.end ?? observedAt).rawValue
        end = max(start, (record.end ?? record.start ?? observedAt).rawValue)
        until = end
        packetsOut = Self.stored(record.initiator.packets)
        bytesOut = Self.stored(record.initiator.bytes)
        packetsIn = Self.stored(record.responder.packets)
        bytesIn = Self.stored(record.responder.bytes)
        state = record.state
        failed = record.failed
        askedAddress = record.originalDestination.map(\.address.description)
        askedPort = record.originalDestination.map { Int64($0.port) }
        direction = Self.order(record.direction)
        application = record.service
        var lifetime: UInt32 = 0
        switch record.stage {
        case .complete: stage = .complete
        case .opened(let seconds): (stage, lifetime) = (.opened, seconds)
        case .alive(let seconds): (stage, lifetime) = (.alive, seconds)
        case .closed: stage = .closed
        }
        let (sum, over) = end.addingReportingOverflow(Int64(lifetime) * 1_000_000_000)
        until = over ? .max : sum
    }

    /// Writes all but texts; -1 stands for what is absent, since none of those numbers is negative.
    func append(to out: inout ByteColumns) {
        out.append(varint: start)
        // Differences are small; what wraps around wraps back.
        out.append(varint: end &- start)
        out.append(varint: until &- end)
        for count in [packetsOut, bytesOut, packetsIn, bytesIn, icmpID, askedPort] { out.append(varint: count ?? -1) }
        out.append(Self.states.firstIndex(of: state).map(UInt8.init) ?? 0)
        out.append(
            UInt8(truncatingIfNeeded: direction) << 4 | UInt8(truncatingIfNeeded: stage.rawValue) << 1
                | (failed ? 1 : 0))
    }

    /// Reads what `append` wrote, without texts; nil where there is too little.
    init?(_ columns: inout ByteColumnReader) {
        guard let start = columns.varint(), let duration = columns.varint(), let rest = columns.varint(),
            let packetsOut = columns.varint(), let bytesOut = columns.varint(), let packetsIn = columns.varint(),
            let bytesIn = columns.varint(), let icmpID = columns.varint(), let askedPort = columns.varint(),
            let state = columns.number(UInt8.self), let flags = columns.number(UInt8.self),
            Self.states.indices.contains(Int(state)), let stage = Stage(rawValue: Int64(flags >> 1 & 7))
        else { return nil }
        func present(_ number: Int64) -> Int64? { number < 0 ? nil : number }
        self.start = start
        end = start &+ duration
        until = end &+ rest
        self.icmpID = present(icmpID)
        (self.packetsOut, self.bytesOut) = (present(packetsOut), present(bytesOut))
        (self.packetsIn, self.bytesIn) = (present(packetsIn), present(bytesIn))
        self.askedPort = present(askedPort)
        self.state = Self.states[Int(state)]
        failed = flags & 1 != 0
        direction = Int64(flags >> 4)
        self.stage = stage
    }

    /// The numbers of the states in the store.
    private static let states: [ConnectionState] = [.unknown, .attempted, .rejected, .established]

    /// Adds what another report of the same connection says.
    ///
    /// The result does not depend on the order of reports.
    mutating func merge(_ other: Observation) {
        icmpID = Self.merged(icmpID, other.icmpID, min)
        if other.start < start { start = other.start }
        if other.end > end { end = other.end }
        if other.until > until { until = other.until }
        packetsOut = Self.merged(packetsOut, other.packetsOut, max)
        bytesOut = Self.merged(bytesOut, other.bytesOut, max)
        packetsIn = Self.merged(packetsIn, other.packetsIn, max)
        bytesIn = Self.merged(bytesIn, other.bytesIn, max)
        let stronger = state.stronger(other.state)
        if stronger != state { failed = other.failed }
        state = stronger
        if let address = other.askedAddress, askedAddress.map({ address < $0 }) ?? true {
            (askedAddress, askedPort) = (address, other.askedPort)
        }
        direction = min(direction, other.direction)
        application = Self.merged(application, other.application, min)
    }

    /// The same seen from the other end, which says nothing of the direction.
    var turned: Observation {
        var turned = self
        (turned.packetsOut, turned.packetsIn) = (packetsIn, packetsOut)
        (turned.bytesOut, turned.bytesIn) = (bytesIn, bytesOut)
        return turned
    }

    /// Whether who began the connection is to be taken from this report rather than from the other: it is more certain,
    /// or as certain with more packets seen.
    func knowsBeginnerBetter(than other: Observation) -> Bool {
        func packets(_ report: Observation) -> Int64 {
            let (sum, over) = (report.packetsOut ?? 0).addingReportingOverflow(report.packetsIn ?? 0)
            return over ? .max : sum
        }
        return direction != other.direction ? direction < other.direction : packets(self) > packets(other)
    }

    /// Whether the other report adds nothing to this one.
    func covers(_ other: Observation) -> Bool {
        var sum = self
        sum.merge(other)
        return sum.start == start && sum.end == end && sum.packetsOut == packetsOut && sum.bytesOut == bytesOut
            && sum.packetsIn == packetsIn && sum.bytesIn == bytesIn && sum.state == state && sum.direction == direction
    }

    private static func merged<Value>(_ a: Value?, _ b: Value?, _ choose: (Value, Value) -> Value) -> Value? {
        guard let a else { return b }
        guard let b else { return a }
        return choose(a, b)
    }

    /// SQLite's integers are signed; a count beyond 2⁶³ − 1, which is a fault of its source, is kept as 2⁶³ − 1.
    private static func stored(_ count: UInt64?) -> Int64? { count.map { Int64(clamping: $0) } }

    /// The place of a direction's source in its list, which is from certain to uncertain.
    static func order(_ source: DirectionSource) -> Int64 {
        switch source {
        case .hostSockets: 0
        case .firstSYN: 1
        case .conntrack: 2
        case .asRecorded: 3
        case .ports: 4
        }
    }

    static func direction(_ order: Int64) -> DirectionSource {
        switch order {
        case 0: .hostSockets
        case 1: .firstSYN
        case 2: .conntrack
        case 4: .ports
        default: .asRecorded
        }
    }

    /// The hour since 1970 in which the connection began.
    var hour: Int64 { Self.hour(start) }

    /// The hour since 1970 of a time.
    static func hour(_ time: Int64) -> Int64 {
        let nanos: Int64 = 3_600_000_000_000
        return time >= 0 ? time / nanos : (time + 1) / nanos - 1
    }
}
