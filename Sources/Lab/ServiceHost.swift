internal import Glibc
internal import Netfilter
internal import NetworkTypes

/// The services of one host, answering on one thread until they are stopped.
///
/// TCP and UDP answer with what they were sent. A TCP request `RELAY` is answered with the host's name, behind it what
/// the next tier says; it is how a lab shows that web → app → database works as a chain.
public final class ServiceHost: Sendable {
    /// The request that a relay passes on.
    public static let relayRequest = Array("RELAY".utf8)

    private enum Role: Sendable {
        case stream(relay: LabService.Endpoint?)
        case datagram
        case connection(relay: LabService.Endpoint?)
    }

    private struct Seat: Sendable {
        let socket: LabSocket
        let role: Role
        let family: AddressFamily
    }

    /// Shut down to end the thread, which polls the other end.
    private let stopper: Descriptor
    private let thread: JoinableThread

    /// Opens every service on every address of the host and starts to answer.
    public init(_ services: [LabService], on host: LabHost) throws {
        let seats = try host.namespace.run {
            var seats: [Seat] = []
            for service in services {
                for address in host.addresses {
                    let isStream = service.proto == .tcp
                    let socket = try LabSocket(isStream ? .stream : .datagram, address.family)
                    try socket.bind(address, port: service.port)
                    if isStream { try socket.listen() }
                    let role = isStream ? Role.stream(relay: service.relay) : .datagram
                    seats.append(Seat(socket: socket, role: role, family: address.family))
                }
            }
            return seats
        }
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SystemCallError.last("socketpair")
        }
        stopper = Descriptor(owning: pair[0])
        let wake = Descriptor(owning: pair[1])
        thread = try JoinableThread { Self.serve(seats, host, until: wake) }
    }

    /// Closes every socket and waits for the end.
    public func stop() {
        shutdown(stopper.number, Int32(SHUT_RDWR))
        thread.join()
    }

    private static func serve(_ listeners: [Seat], _ host: LabHost, until wake: Descriptor) {
        var seats = listeners
        var relays: [JoinableThread] = []
        while true {
            var polled = [pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)]
            polled += seats.map { pollfd(fd: $0.socket.number, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), -1) >= 0 || errno == EINTR else { break }
            if polled[0].revents != 0 { break }
            var kept: [Seat] = []
            var fresh: [Seat] = []
            for (seat, state) in zip(seats, polled.dropFirst()) {
                if state.revents == 0 {
                    kept.append(seat)
                    continue
                }
                switch seat.role {
                case .datagram:
                    seat.socket.echoDatagrams()
                    kept.append(seat)
                case .stream(let relay):
                    while let socket = seat.socket.accept() {
                        fresh.append(Seat(socket: socket, role: .connection(relay: relay), family: seat.family))
                    }
                    kept.append(seat)
                case .connection(let relay):
                    guard case .success(let bytes) = seat.socket.receive(), !bytes.isEmpty else { continue }
                    if bytes == relayRequest {
                        // A relay waits for the next tier, so it gets a thread; the connection goes with it.
                        if let thread = try? relayThread(seat, relay, host) { relays.append(thread) }
                    } else if seat.socket.send(bytes) == 0 {
                        kept.append(seat)
                    }
                }
            }
            seats = kept + fresh
        }
        for relay in relays { relay.join() }
    }

    private static func relayThread(
        _ seat: Seat, _ relay: LabService.Endpoint?, _ host: LabHost
    ) throws(SystemCallError) -> JoinableThread {
        try host.namespace.start { failure in
            guard failure == nil else { return }
            var answer = host.name
            if let relay, let address = relay.addresses.first(where: { $0.family == seat.family }) {
                let next = LabStream(to: address, port: relay.port)?.ask(relayRequest)
                guard let next else { return }
                answer += " → " + String(decoding: next, as: UTF8.self)
            }
            _ = seat.socket.send(Array(answer.utf8))
        }
    }
}
