internal import Glibc
internal import Netfilter
internal import NetworkTypes

/// One TCP request with its answer, in the calling thread's namespace.
enum Conversation {
    /// Connects, sends, and returns the first answer; nil when there was none in time.
    static func ask(
        from source: (address: IPAddress, port: UInt16)?, to destination: IPAddress, port: UInt16, _ request: [UInt8],
        timeoutMilliseconds: Int32
    ) -> [UInt8]? {
        guard let socket = try? LabSocket(.stream, destination.family) else { return nil }
        if let source { guard (try? socket.bind(source.address, port: source.port)) != nil else { return nil } }
        let code = socket.connect(destination, port: port)
        guard code == 0 || code == EINPROGRESS, wait(socket, POLLOUT, timeoutMilliseconds), socket.pendingError == 0,
            socket.send(request) == 0, wait(socket, POLLIN, timeoutMilliseconds),
            case .success(let bytes) = socket.receive(), !bytes.isEmpty
        else { return nil }
        return bytes
    }

    private static func wait(_ socket: LabSocket, _ event: Int32, _ milliseconds: Int32) -> Bool {
        var polled = pollfd(fd: socket.number, events: Int16(event), revents: 0)
        return poll(&polled, 1, milliseconds) == 1
    }
}
