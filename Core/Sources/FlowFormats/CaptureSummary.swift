public import NetworkTypes

/// What a packet capture held; every packet is counted in one of `read`, `others`, `fragments`,
/// `cut`, `untimed` and `encapsulated`.
public struct CaptureSummary: Hashable, Sendable {
    /// Why a capture was not read to its end, and the offset after unpacking where the unread part begins.
    public enum Fault: Hashable, Sendable {
        /// It ends inside a packet or block, as when its writer was interrupted.
        case cut(offset: Int)
        /// It says something that no capture can say.
        case damaged(offset: Int)
    }

    /// Which form it has; nil until its first bytes have been read.
    public internal(set) var format: FlowFormat?
    /// Packets that became part of a flow.
    public internal(set) var read = 0
    /// Packets of other protocols than IP, or of unknown link layers.
    public internal(set) var others = 0
    /// Later fragments of IP packets, which have no ports: they are no flow's.
    public internal(set) var fragments = 0
    /// Packets of which too little was kept to know their ends.
    public internal(set) var cut = 0
    /// Packets without a time, or with one that no clock shows.
    public internal(set) var untimed = 0
    /// Packets inside something that is not read and may hold IP, such as MACsec.
    public internal(set) var encapsulated = 0
    /// How often the table of flows was full, and all of it was ended.
    public internal(set) var overflows = 0
    /// Link layers that are not read, by their number (tcpdump.org, "Link-layer header types").
    public internal(set) var unknownLinks: Set<UInt16> = []
    /// Names that DNS answers over UDP (RFC 1035) gave to addresses: the one asked for, by the first answer; 100,000 at most.
    public internal(set) var names: [IPAddress: String] = [:]
    /// Why the rest of the capture was not read.
    public internal(set) var fault: Fault?

    /// Makes an empty summary.
    public init() {}

    /// Whether something was left out that may have been a flow.
    public var isPartial: Bool {
        fault != nil || cut > 0 || untimed > 0 || encapsulated > 0 || overflows > 0 || !unknownLinks.isEmpty
    }
}
