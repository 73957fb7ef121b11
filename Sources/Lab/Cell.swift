public import NetworkTypes

/// One question of the matrix, namely whether this source reaches that destination.
public struct Cell: Hashable, Sendable {
    /// The address that the probe is sent from.
    public let source: IPAddress
    /// Where it is sent.
    public let destination: IPAddress
    /// TCP, UDP, or ICMP (ICMPv6) for an echo request.
    public let proto: IPProtocol
    /// The destination port; zero for an echo request.
    public let port: UInt16

    /// Makes a cell.
    public init(source: IPAddress, destination: IPAddress, proto: IPProtocol, port: UInt16) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.port = port
    }
}

/// What came back for a probe.
public enum ProbeAnswer: String, Hashable, Sendable, CaseIterable {
    /// The service's own bytes, or an echo reply.
    case answered
    /// A reset, or "port unreachable": the packet reached a host where nobody listens.
    case refused
    /// An error of another kind, as a rejecting wall sends: host or network unreachable, administratively prohibited.
    case prohibited
    /// The source's own kernel would not send it.
    case stoppedAtSource
    /// Nothing, in time, at any attempt.
    case silent

    /// Whether the packet reached the destination's sockets.
    public var passed: Bool {
        switch self {
        case .answered, .refused: true
        case .prohibited, .stoppedAtSource, .silent: false
        }
    }
}

/// What a probe found, with the source port that it used last.
public struct ProbeResult: Hashable, Sendable {
    /// What came back.
    public let answer: ProbeAnswer
    /// The source port; the identifier of an echo request.
    public let sourcePort: UInt16

    /// Makes a result.
    public init(answer: ProbeAnswer, sourcePort: UInt16) {
        self.answer = answer
        self.sourcePort = sourcePort
    }
}
