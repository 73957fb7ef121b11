public import Flows
import NetworkTypes

/// Reads packet captures, pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), as flows.
///
/// Fed in pieces of any size. Flows come when they end: by their last packet, by being idle, with the capture. Memory is
/// bounded by one packet, and by the table of flows. No input traps.
public struct CaptureReader {
    /// What was read so far.
    public var summary: CaptureSummary { table.summary }

    private enum Form {
        case pcap(isBig: Bool, nanosPerTick: UInt64, link: UInt16)
        case pcapng
    }

    /// One interface of a section.
    private struct Interface {
        var link: UInt16
        var snapLength: UInt32
        /// Ticks of a second.
        var resolution: UInt128 = 1_000_000
        /// Seconds to add.
        var offset: Int64 = 0
    }

    private var table = FlowTable()
    private var form: Form?
    private var isBig = false
    private var interfaces: [Interface] = []
    private var pending: [UInt8] = []
    private var offset = 0

    /// Makes a reader.
    public init() {}

    /// Whether bytes begin like a capture; four are enough.
    public static func recognises(_ bytes: some Collection<UInt8>) -> Bool {
        let first = Array(bytes.prefix(4))
        return first == [0x0A, 0x0D, 0x0D, 0x0A]
            || [magic, nanoMagic].contains { magic in
                first == bigEndian(magic) || first == bigEndian(magic).reversed()
            }
    }

    private static let magic: UInt32 = 0xA1B2_C3D4
    private static let nanoMagic: UInt32 = 0xA1B2_3C4D

    private static func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }

    /// Reads the next piece; `sink` sees every flow that ends in it.
    public mutating func feed<Failure: Error>(
        _ chunk: UnsafeRawBufferPointer, _ sink: (FlowRecord) throws(Failure) -> Void
    ) throws(Failure) {
        guard summary.fault == nil else { return }
        pending.append(contentsOf: chunk)
        var start = 0
        while summary.fault == nil {
            let length = next(start)
            guard length > 0 else { break }
            start += length
            offset += length
            try table.takeEnded(sink)
        }
        pending.removeFirst(start)
    }

    /// Ends all flows.
    public mutating func finish<Failure: Error>(_ sink: (FlowRecord) throws(Failure) -> Void) throws(Failure) {
        if !pending.isEmpty, summary.fault == nil { table.fail(.cut(offset: offset)) }
        table.endAll()
        try table.takeEnded(sink)
    }

    /// Reads one header, packet or block, and returns its length; 0 where it is not there as a whole.
    private mutating func next(_ start: Int) -> Int {
        pending.withUnsafeBytes { bytes in
            let rest = PacketBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            switch form {
            case nil: return begin(rest)
            case .pcap(let isBig, let nanos, let link): return packet(rest, isBig, nanos, link)
            case .pcapng: return block(rest)
            }
        }
    }

    private mutating func begin(_ bytes: PacketBytes) -> Int {
        guard let first = bytes.u32(0, big: true) else { return 0 }
        if first == 0x0A0D_0D0A {
            form = .pcapng
            table.recognise(.pcapng)
            return block(bytes)
        }
        let isBig = first == Self.magic || first == Self.nanoMagic
        guard let magic = bytes.u32(0, big: isBig), let network = bytes.u32(20, big: isBig) else { return 0 }
        guard magic == Self.magic || magic == Self.nanoMagic else {
            table.fail(.damaged(offset: offset))
            return 0
        }
        table.recognise(.pcap)
        // The upper bits tell how long a check sequence is (pcap, §4).
        form = .pcap(
            isBig: isBig, nanosPerTick: magic == Self.magic ? 1000 : 1, link: UInt16(truncatingIfNeeded: network))
        return 24
    }

    private mutating func packet(_ bytes: PacketBytes, _ isBig: Bool, _ nanos: UInt64, _ link: UInt16) -> Int {
        guard let seconds = bytes.u32(0, big: isBig), let fraction = bytes.u32(4, big: isBig),
            let kept = bytes.u32(8, big: isBig)
        else { return 0 }
        guard kept <= CaptureLimits.packetLength else {
            table.fail(.damaged(offset: offset))
            return 0
        }
        guard let data = bytes.part(16, Int(kept)) else { return 0 }
        let time = UInt64(seconds) * 1_000_000_000 + UInt64(fraction) * nanos
        table.read(data, link: link, at: Instant(rawValue: Int64(time)))
        return 16 + Int(kept)
    }

    // MARK: pcapng

    private mutating func block(_ bytes: PacketBytes) -> Int {
        guard let raw = bytes.u32(0, big: true) else { return 0 }
        if raw == 0x0A0D_0D0A {
            // A section tells its byte order itself.
            guard let order = bytes.u32(8, big: true) else { return 0 }
            switch order {
            case 0x1A2B_3C4D: isBig = true
            case 0x4D3C_2B1A: isBig = false
            default:
                table.fail(.damaged(offset: offset))
                return 0
            }
            interfaces = []
        }
        guard let type = bytes.u32(0, big: isBig), let length = bytes.u32(4, big: isBig) else { return 0 }
        guard length >= 12, length % 4 == 0, length <= CaptureLimits.blockLength else {
            table.fail(.damaged(offset: offset))
            return 0
        }
        guard let body = bytes.part(8, Int(length) - 12), let again = bytes.u32(Int(length) - 4, big: isBig) else {
            return 0
        }
        guard again == length else {
            table.fail(.damaged(offset: offset))
            return 0
        }
        switch type {
        case 1: interface(body)
        case 6: packet(body, number: body.u32(0, big: isBig).map(Int.init), header: 20, kept: body.u32(12, big: isBig))
        // The packet block of old writers (pcapng, appendix A).
        case 2: packet(body, number: body.u16(0, big: isBig).map(Int.init), header: 20, kept: body.u32(12, big: isBig))
        // A simple packet block has no time.
        case 3: table.countUntimed()
        default: break
        }
        return Int(length)
    }

    private mutating func interface(_ body: PacketBytes) {
        guard let link = body.u16(0, big: isBig), let snapLength = body.u32(4, big: isBig) else {
            table.fail(.damaged(offset: offset))
            return
        }
        guard interfaces.count < CaptureLimits.interfaces else {
            table.fail(.damaged(offset: offset))
            return
        }
        var interface = Interface(link: link, snapLength: snapLength)
        var place = 8
        while let code = body.u16(place, big: isBig), let length = body.u16(place + 2, big: isBig), code != 0,
            let value = body.part(place + 4, Int(length))
        {
            if code == 9, let resolution = value.u8(0) {
                let power = UInt128(resolution & 0x7F)
                // Finer than 2⁻⁶³ or 10⁻¹⁹ of a second no clock is.
                guard power <= (resolution & 0x80 == 0 ? 19 : 63) else {
                    table.fail(.damaged(offset: offset))
                    return
                }
                interface.resolution =
                    resolution & 0x80 == 0 ? (0..<power).reduce(1) { value, _ in value * 10 } : 1 << power
            } else if code == 14, let high = value.u32(isBig ? 0 : 4, big: isBig),
                let low = value.u32(isBig ? 4 : 0, big: isBig)
            {
                interface.offset = Int64(bitPattern: UInt64(high) << 32 | UInt64(low))
            }
            place += 4 + (Int(length) + 3) / 4 * 4
        }
        interfaces.append(interface)
    }

    private mutating func packet(_ body: PacketBytes, number: Int?, header: Int, kept: UInt32?) {
        guard let number, let kept, let high = body.u32(4, big: isBig), let low = body.u32(8, big: isBig),
            interfaces.indices.contains(number), let data = body.part(header, Int(kept))
        else {
            table.fail(.damaged(offset: offset))
            return
        }
        let interface = interfaces[number]
        let ticks = UInt128(UInt64(high) << 32 | UInt64(low))
        let nanos = ticks * 1_000_000_000 / interface.resolution
        guard let time = Int64(exactly: nanos),
            case let (shift, over) = interface.offset.multipliedReportingOverflow(by: 1_000_000_000),
            !over, case let (sum, beyond) = time.addingReportingOverflow(shift), !beyond
        else {
            table.countUntimed()
            return
        }
        table.read(data, link: interface.link, at: Instant(rawValue: sum))
    }
}

/// How much of a capture is kept in memory.
enum CaptureLimits {
    /// Bytes of one packet: libpcap's `MAXIMUM_SNAPLEN`.
    static let packetLength: UInt32 = 262_144
    /// Bytes of one block of pcapng: what Wireshark's wiretap takes (`MAX_BLOCK_SIZE`).
    static let blockLength: UInt32 = 16 << 20
    /// Interfaces of one section; hosts have tens.
    static let interfaces = 65_536
    /// Flows that are open at once; decoding a capture of so many took 724 MB at most (`flows decode`, November 2026).
    static let flows = 1_000_000
    /// Connections that are idle for long whose beginning is remembered.
    static let handshakes = 262_144
    /// Names that DNS answers gave.
    static let names = 100_000
    /// Headers of an IPv6 packet before its protocol; RFC 8200 §4.1 orders seven.
    static let extensionHeaders = 16
    /// Tags of virtual networks on one frame; IEEE 802.1ad has two.
    static let tags = 4
    /// Labels of MPLS on one packet; networks that steer by them use some ten.
    static let labels = 16
}

/// Bytes with checked access.
struct PacketBytes {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var count: Int { bytes.count }

    func u8(_ place: Int) -> UInt8? { place >= 0 && place < bytes.count ? bytes[place] : nil }

    func u16(_ place: Int, big: Bool = true) -> UInt16? {
        guard place >= 0, place + 2 <= bytes.count else { return nil }
        let value = bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)
        return big ? UInt16(bigEndian: value) : UInt16(littleEndian: value)
    }

    func u32(_ place: Int, big: Bool = true) -> UInt32? {
        guard place >= 0, place + 4 <= bytes.count else { return nil }
        let value = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
        return big ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
    }

    func part(_ place: Int, _ count: Int) -> PacketBytes? {
        guard place >= 0, count >= 0, place + count <= bytes.count else { return nil }
        return PacketBytes(UnsafeRawBufferPointer(rebasing: bytes[place..<place + count]))
    }

    func from(_ place: Int) -> PacketBytes? { part(place, bytes.count - place) }

    func address(_ place: Int, _ family: AddressFamily) -> IPAddress? {
        var bits: UInt128 = 0
        for index in 0..<(family == .ipv4 ? 4 : 16) {
            guard let byte = u8(place + index) else { return nil }
            bits = bits << 8 | UInt128(byte)
        }
        return IPAddress(family, bits: bits)
    }
}
