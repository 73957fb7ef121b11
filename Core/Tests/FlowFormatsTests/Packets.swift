/// Packets and captures written byte by byte after RFC 791, 8200, 9293, 768, 1035, draft-ietf-opsawg-pcap and
/// draft-ietf-opsawg-pcapng; checksums are zero, since no reader of flows judges them.
enum Packets {
    static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    static func ethernet(_ packet: [UInt8], type: Int = 0x0800, tags: [Int] = []) -> [UInt8] {
        [UInt8](repeating: 2, count: 12) + tags.flatMap { big($0, 2) + [0, 5] } + big(type, 2) + packet
    }

    /// IPv4 of 20 bytes; the ends are the last bytes of addresses in 10.0.0.0/24.
    static func ipv4(_ from: UInt8, _ to: UInt8, proto: UInt8, fragment: Int = 0, _ payload: [UInt8]) -> [UInt8] {
        [0x45, 0] + big(20 + payload.count, 2) + [0, 1] + big(fragment, 2) + [64, proto, 0, 0]
            + [10, 0, 0, from, 10, 0, 0, to] + payload
    }

    /// IPv6 with headers already in `payload`; the ends are the last bytes of addresses in fd00::/120.
    static func ipv6(_ from: UInt8, _ to: UInt8, next: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let prefix: [UInt8] = [0xFD] + [UInt8](repeating: 0, count: 14)
        return [0x60, 0, 0, 0] + big(payload.count, 2) + [next, 64] + prefix + [from] + prefix + [to] + payload
    }

    static let (fin, syn, rst, ack): (UInt8, UInt8, UInt8, UInt8) = (1, 2, 4, 16)

    static func tcp(_ from: Int, _ to: Int, _ flags: UInt8, sequence: Int = 0) -> [UInt8] {
        big(from, 2) + big(to, 2) + big(sequence, 4) + [0, 0, 0, 0] + [0x50, flags] + [UInt8](repeating: 0, count: 6)
    }

    static func udp(_ from: Int, _ to: Int, _ payload: [UInt8] = []) -> [UInt8] {
        big(from, 2) + big(to, 2) + big(8 + payload.count, 2) + [0, 0] + payload
    }

    /// A capture of the first form: packets with their seconds.
    static func pcap(
        _ packets: [(seconds: Int, frame: [UInt8])], isBig: Bool = false, isNano: Bool = false, link: Int = 1
    ) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] { isBig ? big(value, count) : big(value, count).reversed() }
        let header =
            number(isNano ? 0xA1B2_3C4D : 0xA1B2_C3D4, 4) + number(2, 2) + number(4, 2) + number(0, 8)
            + number(65535, 4) + number(link, 4)
        return packets.reduce(header) { bytes, packet in
            bytes + number(packet.seconds, 4) + number(7, 4) + number(packet.frame.count, 4)
                + number(packet.frame.count, 4) + packet.frame
        }
    }

    /// One block of the second form, filled up to four bytes.
    static func block(_ type: Int, _ body: [UInt8], isBig: Bool = false) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { isBig ? big(value, 4) : big(value, 4).reversed() }
        let filled = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        let length = number(filled.count + 12)
        return number(type) + length + filled + length
    }

    static func section(isBig: Bool = false) -> [UInt8] {
        let order = isBig ? big(0x1A2B_3C4D, 4) : big(0x1A2B_3C4D, 4).reversed()
        return block(
            0x0A0D_0D0A, order + (isBig ? [0, 1, 0, 0] : [1, 0, 0, 0]) + [UInt8](repeating: 0xFF, count: 8),
            isBig: isBig)
    }

    /// Pieces of a little-endian section: an interface, and a packet at a number of ticks.
    static func interface(link: Int = 1, options: [UInt8] = []) -> [UInt8] {
        block(1, big(link, 2).reversed() + [0, 0, 0, 0, 0, 0] + options)
    }

    static func enhanced(_ ticks: Int, on interface: Int = 0, _ frame: [UInt8]) -> [UInt8] {
        let length: [UInt8] = big(frame.count, 4).reversed()
        return block(
            6,
            big(interface, 4).reversed() + big(ticks >> 32, 4).reversed() + big(ticks & 0xFFFF_FFFF, 4).reversed()
                + length + length + frame)
    }
}
