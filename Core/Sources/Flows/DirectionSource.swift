/// How it is known which end of a connection is the initiator, best first.
public enum DirectionSource: String, Sendable, Hashable, CaseIterable {
    /// The host has a listening or bound socket on the responder's port.
    case hostSockets
    /// The first packet of the handshake was seen.
    case firstSYN
    /// The kernel's connection tracking saw this direction first.
    case conntrack
    /// The log says so; how its writer knew is not recorded.
    case asRecorded
    /// Nobody saw who began: the end at a port that hosts do not hand out by themselves is taken for the responder.
    case ports
}
