public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// Cells that were really sent, without policy and with it, beside what the engine says.
public struct CellMatrix: Sendable {
    /// One cell with everything known about it.
    public struct Entry: Sendable {
        /// What was asked.
        public let cell: Cell
        /// What came back with policy off.
        public let before: ProbeResult
        /// What came back with policy on.
        public let after: ProbeResult
        /// What the engine says about the packet that was sent with policy on.
        public let verdict: Verdict

        /// Whether the cell counts: the probe passed with policy off, and the engine gives a plain answer.
        public var counts: Bool {
            before.answer.passed && (verdict.outcome == .allowed || verdict.outcome == .denied)
        }

        /// Whether the kernel did what the engine says; meaningful where the cell counts.
        public var agrees: Bool {
            verdict.outcome == .allowed ? after.answer == before.answer : !after.answer.passed
        }
    }

    /// All cells, in the order asked.
    public let entries: [Entry]

    /// Sets what was sent beside what the engine says now; the results stand in the order of the cells.
    ///
    /// A reset by a rejecting rule looks like a closed port: cells of such rules must have a listener.
    public init(
        _ cells: [Cell], before: [ProbeResult], after: [ProbeResult], engine: PolicyEngine, at instant: Instant
    ) {
        entries = cells.indices.map { place in
            let cell = cells[place]
            let flow = Self.flow(cell, sourcePort: after[place].sourcePort)
            return Entry(
                cell: cell, before: before[place], after: after[place],
                verdict: engine.decide(flow, at: instant).effective)
        }
    }

    /// The flow that a probe opens.
    public static func flow(_ cell: Cell, sourcePort: UInt16?) -> Flow {
        // Echo request: RFC 792, RFC 4443 §4.1.
        let message = ICMPMessage(type: cell.proto == .icmp ? 8 : 128, code: 0)
        return Flow(
            source: FlowEnd(cell.source), destination: FlowEnd(cell.destination), proto: cell.proto,
            sourcePort: cell.proto.hasPorts ? sourcePort : nil, destinationPort: cell.port,
            icmp: cell.proto.isICMP ? message : nil)
    }

    /// The cells that count.
    public var counted: [Entry] { entries.filter(\.counts) }

    /// The cells that count and in which kernel and engine differ.
    public var disagreements: [Entry] { entries.filter { $0.counts && !$0.agrees } }
}
