/// A point of a packet's way through the host at which base chains of family inet run (nft(8), "Address families").
public enum Hook: String, Sendable, Hashable, CaseIterable {
    /// Before the routing decision of an arriving packet.
    case prerouting
    /// A packet for this host.
    case input
    /// A packet that is passed on.
    case forward
    /// A packet that this host sends.
    case output
    /// After the routing decision of a leaving packet.
    case postrouting

    /// Whether the kernel knows the interface of arrival here; else `iifname` reads as empty, `iif` as 0.
    var hasInputInterface: Bool {
        switch self {
        case .prerouting, .input, .forward: true
        case .output, .postrouting: false
        }
    }

    /// Whether the kernel knows the interface of departure here; else `oifname` reads as empty, `oif` as 0.
    var hasOutputInterface: Bool {
        switch self {
        case .forward, .output, .postrouting: true
        case .prerouting, .input: false
        }
    }

    /// Whether a chain of this hook and priority runs before connection tracking has looked at the packet.
    ///
    /// `NF_IP_PRI_CONNTRACK` is −200 (linux/netfilter_ipv4.h). A packet that comes back over loopback keeps the entry
    /// that it got in output.
    func precedesTracking(priority: Int, inputInterface: String) -> Bool {
        guard priority <= -200 else { return false }
        return self == .output || (self == .prerouting && inputInterface != "lo")
    }
}
