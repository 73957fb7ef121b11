internal import Glibc
internal import Netfilter
internal import NetworkTypes

/// A non-blocking socket of the namespace in which it was opened.
struct LabSocket: Sendable {
    enum Kind: Sendable {
        case stream
        case datagram
        /// An ICMP or ICMPv6 echo socket, which the kernel gives to groups of `ping_group_range` (icmp(7)).
        case echo
    }

    private let descriptor: Descriptor

    var number: Int32 { descriptor.number }

    private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    init(_ kind: Kind, _ family: AddressFamily) throws(SystemCallError) {
        let domain = family == .ipv4 ? AF_INET : AF_INET6
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        let proto: Int32 =
            switch kind {
            case .stream, .datagram: 0
            case .echo: Int32((family == .ipv4 ? IPProtocol.icmp : .icmpv6).rawValue)
            }
        let flags = Int32(type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(domain, flags, proto)
        guard number >= 0 else { throw SystemCallError.last("socket") }
        descriptor = Descriptor(owning: number)
    }

    func bind(_ address: IPAddress, port: UInt16) throws(SystemCallError) {
        var yes: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let code = SocketAddress(address, port: port).withPointer { Glibc.bind(number, $0, $1) }
        guard code == 0 else { throw SystemCallError.last("bind \(address) port \(port)") }
    }

    func listen() throws(SystemCallError) {
        guard Glibc.listen(number, 1024) == 0 else { throw SystemCallError.last("listen") }
    }

    /// The next waiting connection, or nil when there is none.
    func accept() -> LabSocket? {
        let accepted = Glibc.accept(number, nil, nil)
        guard accepted >= 0 else { return nil }
        let socket = LabSocket(Descriptor(owning: accepted))
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return fcntl(accepted, F_SETFL, O_NONBLOCK) == 0 ? socket : nil
    }

    /// Starts to connect; zero, or the error number (EINPROGRESS while a stream waits for its answer).
    func connect(_ address: IPAddress, port: UInt16) -> Int32 {
        let code = SocketAddress(address, port: port).withPointer { Glibc.connect(number, $0, $1) }
        return code == 0 ? 0 : errno
    }

    /// Sends to the connected peer; zero or the error number.
    func send(_ bytes: [UInt8]) -> Int32 {
        let count = bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return count == bytes.count ? 0 : count < 0 ? errno : EMSGSIZE
    }

    /// What arrived, empty when the peer closed; or the error number (EAGAIN when nothing has).
    func receive() -> Result<[UInt8], Errno> {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = chunk.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
        return count < 0 ? .failure(Errno(code: errno)) : .success(Array(chunk[..<count]))
    }

    /// An error number on its own.
    struct Errno: Error {
        let code: Int32
    }

    /// Answers every waiting datagram with itself.
    func echoDatagrams() {
        var chunk = [UInt8](repeating: 0, count: 2048)
        var peer = sockaddr_storage()
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let done = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    chunk.withUnsafeMutableBytes { buffer in
                        let count = recvfrom(number, buffer.baseAddress, buffer.count, 0, address, &length)
                        if count < 0 { return errno != ECONNREFUSED }
                        _ = sendto(number, buffer.baseAddress, count, Int32(MSG_NOSIGNAL), address, length)
                        return false
                    }
                }
            }
            if done { return }
        }
    }

    /// The error that waits on the socket, zero for none; reading it clears it.
    var pendingError: Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// Makes closing send a reset, so that nothing lingers in the tables of either end.
    func abortOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}
