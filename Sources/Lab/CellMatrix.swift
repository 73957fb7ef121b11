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

        /// Whether the wall denies what the engine's default allows, because it denies the UDP service that the source
        /// port would be in the other direction: a server that keeps sending must not re-open itself (semantics §5).
        public let isMirrored: Bool

        /// Whether the cell counts: the probe passed with policy off, and the engine gives a plain answer.
        public var counts: Bool {
            before.answer.passed && (verdict.outcome == .allowed || verdict.outcome == .denied)
        }

        /// Whether the kernel must turn the packet away.
        public var mustFail: Bool { verdict.outcome == .denied || isMirrored }

        /// Whether the kernel did what the engine says; meaningful where the cell counts.
        ///
        /// A refusal is a denial where a service answered before: a rejecting rule resets. Where the port was closed
        /// before, it is none.
        public var agrees: Bool {
            guard mustFail else { return after.answer == before.answer }
            return before.answer == .answered ? after.answer != .answered : !after.answer.passed
        }
    }

    /// All cells, in the order asked.
    public let entries: [Entry]

    /// Sets what was sent beside what the engine says now; the results stand in the order of the cells.
    ///
    /// A reset by a rejecting rule looks like a closed port: cells of such rules must have a listener to count right.
    public init(
        _ cells: [Cell], before: [ProbeResult], after: [ProbeResult], engine: PolicyEngine, at instant: Instant
    ) {
        entries = cells.indices.map { place in
            let cell = cells[place]
            let flow = Self.flow(cell, sourcePort: after[place].sourcePort)
            let verdict = engine.decide(flow, at: instant).effective
            return Entry(
                cell: cell, before: before[place], after: after[place],
                verdict: verdict, isMirrored: Self.isMirrored(flow, verdict, engine, instant))
        }
    }

    /// Sends the cells through the walls and sets what comes back beside what the engine says.
    ///
    /// A cell that should pass and stays silent is sent once more with patience, since a busy machine answers late; an
    /// answer proves that it passes. A cell that should not pass is never given a second chance.
    public static func sent(
        _ cells: [Cell], before: [ProbeResult], over network: LabNetwork, engine: PolicyEngine, at instant: Instant
    ) throws -> CellMatrix {
        var after = try network.probe(cells)
        let first = CellMatrix(cells, before: before, after: after, engine: engine, at: instant)
        let late = cells.indices.filter { first.entries[$0].after.answer == .silent && !first.entries[$0].mustFail }
        for (place, result) in zip(late, try network.probePatiently(late.map { cells[$0] })) { after[place] = result }
        return CellMatrix(cells, before: before, after: after, engine: engine, at: instant)
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

    private static func isMirrored(
        _ flow: Flow, _ verdict: Verdict, _ engine: PolicyEngine, _ instant: Instant
    ) -> Bool {
        guard flow.proto == .udp, verdict.outcome == .allowed, let sourcePort = flow.sourcePort else { return false }
        let reversed = Flow(
            source: flow.destination, destination: flow.source, proto: .udp, sourcePort: flow.destinationPort,
            destinationPort: sourcePort)
        let mirror = engine.decide(reversed, at: instant).effective
        func denies(_ end: EndDecision, _ mirrored: EndDecision) -> Bool {
            guard case .layerDefault = end.decider else { return false }
            return end.kind == .allowed && mirrored.kind == .denied
        }
        return denies(verdict.source, mirror.destination) || denies(verdict.destination, mirror.source)
    }

    /// The cells that count.
    public var counted: [Entry] { entries.filter(\.counts) }

    /// The cells that count and in which kernel and engine differ.
    public var disagreements: [Entry] { entries.filter { $0.counts && !$0.agrees } }
}
