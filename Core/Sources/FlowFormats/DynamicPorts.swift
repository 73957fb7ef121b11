/// Ports that hosts give to initiators that ask for none.
enum DynamicPorts {
    /// The first of them, where Linux begins (`ip_local_port_range`); others begin higher, most at 49152
    /// (RFC 6335 §6).
    static let first: UInt16 = 32768

    /// The first port above the system ports (RFC 6335 §6), from which translators of addresses also hand out theirs
    /// (RFC 4787, REQ-3).
    private static let firstAboveSystem: UInt16 = 1024
    /// The port of NFS (IANA), whose clients ask from system ports (nfs(5), `resvport`).
    private static let nfs: UInt16 = 2049

    /// Whether the numbers of two ports tell neither from a server's.
    static func tellNothing(_ one: UInt16, _ other: UInt16) -> Bool {
        one >= firstAboveSystem && other >= firstAboveSystem && (one < first) == (other < first)
            && one != nfs && other != nfs
    }

    /// Whether a packet between these ports is more likely an answer than a request.
    static func looksLikeAnswer(from source: UInt16, to destination: UInt16) -> Bool {
        source < first && destination >= first
            || source < firstAboveSystem && destination >= firstAboveSystem && destination != nfs
    }
}
