internal import Glibc
internal import Netfilter
internal import NetworkTypes

/// One probe on its way.
struct Attempt {
    private enum Stage {
        case connecting
        case asked
    }

    /// What streams and datagrams carry; a service sends it back.
    private static let word = Array("bulkhead".utf8)

    let cell: Cell
    let place: Int
    let socket: LabSocket
    let sourcePort: UInt16
    let deadline: ContinuousClock.Instant
    private var stage = Stage.connecting

    init(_ cell: Cell, place: Int, port: UInt16, within milliseconds: Int32) throws(SystemCallError) {
        self.cell = cell
        self.place = place
        let kind: LabSocket.Kind = cell.proto.isICMP ? .echo : cell.proto == .tcp ? .stream : .datagram
        socket = try LabSocket(kind, cell.destination.family)
        try socket.bind(cell.source, port: port)
        sourcePort = port
        deadline = .now + .milliseconds(milliseconds)
    }

    /// What to poll for.
    var events: Int16 { Int16(stage == .connecting ? POLLOUT : POLLIN) }

    /// Sends the first packet; an answer when it is settled at once.
    mutating func start() -> ProbeAnswer? {
        let code = socket.connect(cell.destination, port: cell.port)
        if cell.proto == .tcp { return code == 0 || code == EINPROGRESS ? nil : Self.answer(code) }
        guard code == 0 else { return Self.answer(code) }
        stage = .asked
        let sent = socket.send(cell.proto.isICMP ? echoRequest : Self.word)
        return sent == 0 ? nil : Self.answer(sent)
    }

    /// Goes on after an event; an answer when it is settled.
    mutating func proceed() -> ProbeAnswer? {
        switch stage {
        case .connecting:
            let code = socket.pendingError
            guard code == 0 else { return Self.answer(code) }
            socket.abortOnClose()
            stage = .asked
            let sent = socket.send(Self.word)
            return sent == 0 ? nil : Self.answer(sent)
        case .asked:
            switch socket.receive() {
            case .success(let bytes): return isExpected(bytes) ? .answered : nil
            case .failure(let error): return error.code == EAGAIN ? nil : Self.answer(error.code)
            }
        }
    }

    // Echo request: RFC 792, RFC 4443 §4.1. The kernel fills in identifier and checksum (icmp(7)).
    private var echoRequest: [UInt8] { [cell.proto == .icmp ? 8 : 128, 0, 0, 0, 0, 0, 0, 1] + Self.word }

    private func isExpected(_ bytes: [UInt8]) -> Bool {
        guard cell.proto.isICMP else { return bytes == Self.word }
        // Echo reply: RFC 792, RFC 4443 §4.2.
        return bytes.first == (cell.proto == .icmp ? 0 : 129)
    }

    private static func answer(_ code: Int32) -> ProbeAnswer {
        switch code {
        case ECONNREFUSED: .refused
        case EPERM: .stoppedAtSource
        case EHOSTUNREACH, ENETUNREACH, EACCES, ENOPROTOOPT: .prohibited
        // A connection that ends between its answer and the echo.
        default: .silent
        }
    }
}
