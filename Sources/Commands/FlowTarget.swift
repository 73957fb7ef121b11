import NetworkTypes
import PolicyModel

/// The destination of a question: `HOST:PORT`, `HOST:PORT/PROTO`, `HOST:icmp/8`, `HOST:icmp/3.4`, `HOST:gre`.
///
/// `HOST` is an address or a workload's name; an IPv6 address stands in brackets.
struct FlowTarget {
    let host: String
    let proto: IPProtocol
    let port: UInt16
    let icmp: ICMPMessage?

    init(_ text: String) throws {
        let expected =
            "expected DST:PORT[/PROTO], such as `db-1:5432`, `[2001:db8::1]:53/udp` or `10.0.0.4:icmp/8`, got `\(text)`"
        let rest: Substring
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = String(text[text.index(after: text.startIndex)..<close])
            let after = text[text.index(after: close)...]
            guard after.first == ":" else { throw CommandError(expected) }
            rest = after.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw CommandError(expected) }
            host = String(parts[0])
            rest = parts[1]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard !host.isEmpty, (1...2).contains(parts.count) else { throw CommandError(expected) }
        if let number = Self.decimal(parts[0], UInt16.self) {
            let name = parts.count == 2 ? String(parts[1]) : "tcp"
            guard let proto = IPProtocol(name), proto.hasPorts else {
                throw CommandError("expected a protocol with ports, such as `tcp` or `udp`, got `\(name)`")
            }
            (self.proto, port, icmp) = (proto, number, nil)
            return
        }
        guard let proto = IPProtocol(parts[0]), !proto.hasPorts else { throw CommandError(expected) }
        var message: ICMPMessage?
        if parts.count == 2 {
            // A colon ends the host, so a code follows a full stop.
            let numbers = parts[1].split(separator: ".", omittingEmptySubsequences: false)
            guard proto.isICMP, (1...2).contains(numbers.count), let type = Self.decimal(numbers[0], UInt8.self),
                let code = numbers.count == 2 ? Self.decimal(numbers[1], UInt8.self) : 0
            else { throw CommandError(expected) }
            message = ICMPMessage(type: type, code: code)
        }
        (self.proto, port, icmp) = (proto, 0, message)
    }

    /// A decimal number without sign and leading zeros.
    private static func decimal<Number: FixedWidthInteger>(_ text: Substring, _ type: Number.Type) -> Number? {
        guard let number = Number(text), String(number) == text else { return nil }
        return number
    }
}
