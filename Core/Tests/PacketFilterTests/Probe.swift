import NetworkTypes
import PolicyModel
import RulesetSimulator

/// A packet at one end of one workload, with the flow that the engine is asked about.
struct Probe: CustomStringConvertible {
    let flow: Flow
    let packet: Packet
    let direction: Direction

    var hook: Hook { direction == .ingress ? .input : .output }

    var description: String {
        """
        \(direction) \(flow.proto) \(flow.source.address) → \(flow.destination.address):\(flow.destinationPort) \
        source port \(flow.sourcePort ?? 0) icmp \(flow.icmp.map { "\($0.type).\($0.code)" } ?? "-") \
        state \(packet.state) flags \(packet.tcpFlags.rawValue) limit \(packet.hopLimit) \
        lo \(packet.inputInterface + packet.outputInterface)
        """
    }
}

/// The traffic of a probe without its addresses.
struct Traffic: Hashable {
    var proto: IPProtocol
    var destinationPort: UInt16 = 0
    var sourcePort: UInt16 = 0
    var icmp: ICMPMessage?
    var state: Packet.ConnectionState = .new
    var flags: Packet.TCPFlags = .syn

    /// Neighbour discovery, which the kernel leaves out of connection tracking (`nf_conntrack_icmpv6_error`).
    var isUntrackedByKernel: Bool {
        guard proto == .icmpv6, let icmp else { return false }
        return (130...136).contains(icmp.type) || icmp.type == 143
    }

    /// The hop limit that the standards ask of the sender: RFC 4861 §4, RFC 3810 §5, RFC 3376 §4.
    var hopLimit: UInt8 {
        if proto == .igmp { return 1 }
        guard proto == .icmpv6, let icmp else { return 64 }
        return (133...136).contains(icmp.type) ? 255 : isUntrackedByKernel ? 1 : 64
    }

    func probe(
        from source: IPAddress, to destination: IPAddress, _ direction: Direction, isLocal: Bool, at instant: Instant
    ) -> Probe {
        let flow = Flow(
            source: FlowEnd(source), destination: FlowEnd(destination), proto: proto,
            sourcePort: proto.hasPorts ? sourcePort : nil, destinationPort: destinationPort, icmp: icmp)
        var packet = Packet(source, to: destination, proto, sourcePort: sourcePort, port: destinationPort)
        if let icmp {
            packet.icmpType = icmp.type
            packet.icmpCode = icmp.code
        }
        packet.tcpFlags = flags
        packet.state = isUntrackedByKernel ? .untracked : state
        packet.hopLimit = hopLimit
        packet.time = instant
        let interface = isLocal ? "lo" : "eth0"
        if direction == .ingress { packet.inputInterface = interface } else { packet.outputInterface = interface }
        return Probe(flow: flow, packet: packet, direction: direction)
    }
}
