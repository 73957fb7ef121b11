/// Ports that hosts give to initiators that ask for none.
enum DynamicPorts {
    /// The first of them, where Linux begins (`ip_local_port_range`); others begin higher, most at 49152
    /// (RFC 6335 §6).
    static let first: UInt16 = 32768

    /// Whether a packet between these ports is more likely an answer than a request.
    static func looksLikeAnswer(from source: UInt16, to destination: UInt16) -> Bool {
        source < first && destination >= first
    }
}
