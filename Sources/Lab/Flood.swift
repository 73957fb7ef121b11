internal import Glibc
internal import Netfilter
public import NetworkTypes
internal import Synchronization

/// Packets as fast as they go to one port of a host, from ever new source ports, and a count of what arrives there.
///
/// It shows whether a wall leaks while it is changed: datagrams, and between them the first packets of TCP connections.
public final class Flood: Sendable {
    /// What a flood came to.
    public struct Count: Sendable {
        /// Datagrams sent or refused by the source's own kernel.
        public var datagrams = 0
        /// TCP connections begun.
        public var connections = 0
        /// Datagrams that were received and connections that were accepted.
        public var arrived = 0
    }

    /// Datagrams from one source port before the next is taken.
    private static let perPort = 10
    /// Connections that wait at a time; the oldest is given up.
    private static let openConnections = 64

    private let isOver = Atomic(false)
    private let count = Mutex(Count())
    private let threads = Mutex<[JoinableThread]>([])

    /// Listens for datagrams and connections on `port` of the first address of the family at `target`, and floods it.
    public init(from source: LabHost, to target: LabHost, _ family: AddressFamily, port: UInt16) throws {
        guard let address = target.address(family) else { throw SystemCallError("bind", code: EADDRNOTAVAIL) }
        let (datagrams, stream) = try target.namespace.run {
            let datagrams = try LabSocket(.datagram, family)
            try datagrams.bind(address, port: port)
            let stream = try LabSocket(.stream, family)
            try stream.bind(address, port: port)
            try stream.listen()
            return (datagrams, stream)
        }
        let receiver = try JoinableThread { [self] in receive(datagrams, stream) }
        let sender = try source.namespace.start { [self] failure in
            if failure == nil { send(to: address, port) }
        }
        threads.withLock { $0 = [sender, receiver] }
    }

    /// What was counted so far.
    public var current: Count { count.withLock { $0 } }

    /// Stops sending, waits until nothing is on its way, and returns the count.
    public func stop() -> Count {
        isOver.store(true, ordering: .releasing)
        for thread in threads.withLock({ $0 }) { thread.join() }
        return current
    }

    private func send(to address: IPAddress, _ port: UInt16) {
        var waiting: [LabSocket] = []
        while !isOver.load(ordering: .acquiring) {
            var begun = 0
            if let stream = try? LabSocket(.stream, address.family) {
                _ = stream.connect(address, port: port)
                waiting.append(stream)
                begun = 1
            }
            if waiting.count > Self.openConnections { waiting.removeFirst() }
            var sent = 0
            for _ in 0..<10 {
                guard let datagram = try? LabSocket(.datagram, address.family),
                    datagram.connect(address, port: port) == 0
                else { continue }
                for _ in 0..<Self.perPort { _ = datagram.send([7]) }
                sent += Self.perPort
            }
            count.withLock {
                $0.datagrams += sent
                $0.connections += begun
            }
        }
    }

    private func receive(_ datagrams: LabSocket, _ stream: LabSocket) {
        var isLast = false
        while true {
            var polled = [datagrams, stream].map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
            _ = poll(&polled, 2, 50)
            var arrived = 0
            while case .success = datagrams.receive() { arrived += 1 }
            while stream.accept() != nil { arrived += 1 }
            if arrived > 0 { count.withLock { $0.arrived += arrived } }
            // One more round after the end, for what was on its way.
            if isLast { return }
            isLast = isOver.load(ordering: .acquiring)
        }
    }
}
