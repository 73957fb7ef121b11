internal import Glibc
internal import Netfilter
public import NetworkTypes

/// A TCP connection of the lab, opened in the calling thread's namespace and usable from any thread.
public struct LabStream: Sendable {
    private let socket: LabSocket

    /// Connects, from an address and port of choice or the kernel's; nil when that takes longer than the time-out.
    public init?(
        from source: (address: IPAddress, port: UInt16)? = nil, to destination: IPAddress, port: UInt16,
        timeoutMilliseconds: Int32 = 1000
    ) {
        guard let socket = try? LabSocket(.stream, destination.family) else { return nil }
        if let source { guard (try? socket.bind(source.address, port: source.port)) != nil else { return nil } }
        let code = socket.connect(destination, port: port)
        self.socket = socket
        guard code == 0 || code == EINPROGRESS, wait(POLLOUT, timeoutMilliseconds), socket.pendingError == 0 else {
            return nil
        }
    }

    /// Sends a request of up to 4,096 bytes and returns what comes back first; nil when nothing does in time.
    public func ask(_ request: [UInt8], timeoutMilliseconds: Int32 = 1000) -> [UInt8]? {
        guard socket.send(request) == 0, wait(POLLIN, timeoutMilliseconds),
            case .success(let bytes) = socket.receive(), !bytes.isEmpty
        else { return nil }
        return bytes
    }

    /// Sends up to 4,096 bytes to a service that sends them back, and says whether all of them returned in time.
    public func echoes(_ bytes: [UInt8], timeoutMilliseconds: Int32 = 1000) -> Bool {
        guard socket.send(bytes) == 0 else { return false }
        var returned: [UInt8] = []
        while returned.count < bytes.count {
            guard wait(POLLIN, timeoutMilliseconds), case .success(let part) = socket.receive(), !part.isEmpty else {
                return false
            }
            returned += part
        }
        return returned == bytes
    }

    private func wait(_ event: Int32, _ milliseconds: Int32) -> Bool {
        var polled = pollfd(fd: socket.number, events: Int16(event), revents: 0)
        return poll(&polled, 1, milliseconds) == 1
    }
}
