import Flows
import NetworkTypes

/// What one record says about its connection, in the store's terms; also the sum of several.
///
/// An import keeps as many as it has lines, so it is small.
struct Observation {
    /// What kind of report the record was.
    enum Stage: UInt8 {
        case complete, opened, alive, closed
    }

    var start: Int64
    var end: Int64
    /// Until when the connection may have gone on unseen; `end` when it is known to be over.
    var until: Int64
    var packetsOut, bytesOut, packetsIn, bytesIn: Count
    var application: String?
    private var asked: RareText?
    var icmpID: UInt16?
    var state: ConnectionState
    var askedPort: UInt16?
    var failed: Bool
    var direction: UInt8
    var stage: Stage

    /// The address that the initiator asked for, when destination NAT changed it.
    var askedAddress: String? {
        get { asked?.text }
        set { asked = newValue.map(RareText.init) }
    }

    /// A record whose times are unknown counts as seen at `observedAt`.
    init(_ record: FlowRecord, observedAt: Instant) {
        icmpID = record.icmpIdentifier
        start = (record.start ?? record.end ?? observedAt).rawValue
        end = max(start, (record.end ?? record.start ?? observedAt).rawValue)
        packetsOut = Count(clamping: record.initiator.packets)
        bytesOut = Count(clamping: record.initiator.bytes)
        packetsIn = Count(clamping: record.responder.packets)
        bytesIn = Count(clamping: record.responder.bytes)
        state = record.state
        failed = record.failed
        asked = record.originalDestination.map { RareText($0.address.description) }
        askedPort = record.originalDestination?.port
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

    /// The most bytes that `append` writes.
    static let encodedLength = 9 * ByteWriter.varintLength + 2

    /// Writes all but texts; -1 stands for what is absent, since none of those numbers is negative.
    func append(to out: inout ByteWriter) {
        out.append(varint: start)
        // Differences are small; what wraps around wraps back.
        out.append(varint: end &- start)
        out.append(varint: until &- end)
        out.append(varint: packetsOut.number)
        out.append(varint: bytesOut.number)
        out.append(varint: packetsIn.number)
        out.append(varint: bytesIn.number)
        out.append(varint: icmpID.map(Int64.init) ?? -1)
        out.append(varint: askedPort.map(Int64.init) ?? -1)
        out.append(state.number)
        out.append(direction << 4 | stage.rawValue << 1 | (failed ? 1 : 0))
    }

    /// Reads what `append` wrote, without texts; nil where there is too little.
    init?(_ columns: inout ByteColumnReader) {
        guard let start = columns.varint(), let duration = columns.varint(), let rest = columns.varint(),
            let packetsOut = columns.varint(), let bytesOut = columns.varint(), let packetsIn = columns.varint(),
            let bytesIn = columns.varint(), let icmpID = columns.varint(), let askedPort = columns.varint(),
            let number = columns.number(UInt8.self), let flags = columns.number(UInt8.self),
            let state = ConnectionState(number: number), let stage = Stage(rawValue: flags >> 1 & 7)
        else { return nil }
        self.start = start
        end = start &+ duration
        until = end &+ rest
        self.icmpID = UInt16(exactly: icmpID)
        (self.packetsOut, self.bytesOut) = (Count(packetsOut), Count(bytesOut))
        (self.packetsIn, self.bytesIn) = (Count(packetsIn), Count(bytesIn))
        self.askedPort = UInt16(exactly: askedPort)
        self.state = state
        failed = flags & 1 != 0
        direction = flags >> 4
        self.stage = stage
    }

    /// Adds what another report of the same connection says.
    ///
    /// The result does not depend on the order of reports.
    mutating func merge(_ other: Observation) {
        icmpID = Self.least(icmpID, other.icmpID)
        start = min(start, other.start)
        end = max(end, other.end)
        until = max(until, other.until)
        packetsOut = max(packetsOut, other.packetsOut)
        bytesOut = max(bytesOut, other.bytesOut)
        packetsIn = max(packetsIn, other.packetsIn)
        bytesIn = max(bytesIn, other.bytesIn)
        if other.state.number > state.number { (state, failed) = (other.state, other.failed) }
        if let address = other.askedAddress, askedAddress.map({ address < $0 }) ?? true {
            (asked, askedPort) = (other.asked, other.askedPort)
        }
        direction = min(direction, other.direction)
        if other.application != nil { application = Self.least(application, other.application) }
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
        func packets(_ report: Observation) -> Count { report.packetsOut.adding(report.packetsIn) }
        // No packets count as none counted.
        func number(_ count: Count) -> Int64 { count.value ?? 0 }
        return direction != other.direction
            ? direction < other.direction : number(packets(self)) > number(packets(other))
    }

    /// Whether the other report adds nothing to this one.
    func covers(_ other: Observation) -> Bool {
        other.start >= start && other.end <= end && other.packetsOut <= packetsOut && other.bytesOut <= bytesOut
            && other.packetsIn <= packetsIn && other.bytesIn <= bytesIn && other.state.number <= state.number
            && other.direction >= direction
    }

    private static func least<Value: Comparable>(_ a: Value?, _ b: Value?) -> Value? {
        guard let a else { return b }
        guard let b else { return a }
        return min(a, b)
    }

    /// The place of a direction's source in its list, which is from certain to uncertain.
    static func order(_ source: DirectionSource) -> UInt8 {
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

/// A text that few have, in the room of a reference.
private final class RareText: Sendable {
    let text: String

    init(_ text: String) { self.text = text }
}

extension ConnectionState {
    /// The number of the state in the store; a greater one says more, as `stronger` has it.
    var number: UInt8 {
        switch self {
        case .unknown: 0
        case .attempted: 1
        case .rejected: 2
        case .established: 3
        }
    }

    init?(number: UInt8) {
        switch number {
        case 0: self = .unknown
        case 1: self = .attempted
        case 2: self = .rejected
        case 3: self = .established
        default: return nil
        }
    }
}
