import Glibc
import Netfilter
import Testing

@Suite("The text of tracked connections", .needsNamespaces)
struct ConntrackDumpTests {
    /// Opens a UDP socket in the calling thread's namespace and sends `bytes` bytes to port 9 of the loopback address.
    private static func sendDatagram(to family: Int32, bytes: Int) {
        let socket = socket(family, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        let payload = [UInt8](repeating: 7, count: bytes)
        if family == AF_INET {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(9).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(socket, payload, bytes, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        } else {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(9).bigEndian
            address.sin6_addr = in6addr_loopback
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(socket, payload, bytes, 0, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    @Test func bothFamiliesAreThereWithTheirCounters() throws {
        let namespace = try NetworkNamespace()
        try namespace.ip(["link set lo up"])
        try namespace.countConnections()
        let nft = try NftContext(in: namespace)
        try nft.apply("table inet watch { chain out { type filter hook output priority 0; ct state new counter; }; }")
        #expect(try ConntrackDump(of: namespace).count == 0)
        try namespace.run {
            Self.sendDatagram(to: AF_INET, bytes: 100)
            Self.sendDatagram(to: AF_INET6, bytes: 200)
        }
        let dump = try ConntrackDump(of: namespace)
        let lines = String(decoding: dump.text, as: UTF8.self).split(separator: "\n").filter { $0.contains("dport=9 ") }
        let four = try #require(lines.first { $0.hasPrefix("ipv4") })
        let six = try #require(lines.first { $0.hasPrefix("ipv6") })
        // 20 octets of IPv4 header (40 of IPv6) and 8 of UDP come on top: RFC 791, RFC 8200, RFC 768.
        #expect(four.contains("src=127.0.0.1 dst=127.0.0.1") && four.contains("packets=1 bytes=128"))
        #expect(six.contains("udp") && six.contains("packets=1 bytes=248"))
    }
}
