internal import Glibc
internal import NetworkTypes

/// An address with a port in the kernel's form (ip(7), ipv6(7)).
struct SocketAddress {
    private var storage = sockaddr_storage()
    private let length: socklen_t

    init(_ address: IPAddress, port: UInt16) {
        switch address.family {
        case .ipv4:
            var plain = sockaddr_in()
            plain.sin_family = sa_family_t(AF_INET)
            plain.sin_port = port.bigEndian
            plain.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: plain, as: sockaddr_in.self) }
        case .ipv6:
            var plain = sockaddr_in6()
            plain.sin6_family = sa_family_t(AF_INET6)
            plain.sin6_port = port.bigEndian
            let bits = address.bits.bigEndian
            withUnsafeMutableBytes(of: &plain.sin6_addr) { $0.storeBytes(of: bits, as: UInt128.self) }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: plain, as: sockaddr_in6.self) }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
