/// Writes columns of numbers and texts, one after the other, into room that was measured before.
struct ByteWriter {
    /// The most bytes that a number of variable length takes.
    static let varintLength = 10

    private let room: UnsafeMutableRawBufferPointer
    /// The next byte.
    private(set) var place: Int

    init(_ room: UnsafeMutableRawBufferPointer) { (self.room, place) = (room, 0) }

    /// Room for a column of so many bytes, which is written beside what follows.
    mutating func column(_ count: Int) -> ByteWriter {
        let start = place
        advance(count)
        return ByteWriter(UnsafeMutableRawBufferPointer(rebasing: room[start..<place]))
    }

    @inline(__always)
    private mutating func advance(_ count: Int) {
        precondition(count <= room.count - place, "a segment is longer than was measured")
        place += count
    }

    @inline(__always)
    mutating func append(_ number: some FixedWidthInteger) {
        let start = place
        advance(MemoryLayout.size(ofValue: number))
        room.storeBytes(of: number.littleEndian, toByteOffset: start, as: type(of: number))
    }

    /// Seven bits a byte, the lowest first, all but the last with the eighth bit; the sign is the lowest (as Protocol
    /// Buffers do, "Encoding", sint64).
    @inline(__always)
    mutating func append(varint number: Int64) {
        var left = UInt64(bitPattern: number << 1 ^ number >> 63)
        while left >= 0x80 {
            append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        append(UInt8(truncatingIfNeeded: left))
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        let start = place
        advance(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: room[start..<place]).copyBytes(from: bytes)
    }
}

/// Texts, each as its length and its bytes; 65,535 stands for none, and no text of a record is as long (`DecodeLimits`).
struct TextColumn {
    /// All of them, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each begins; a segment's row is shorter than 2³⁰ bytes.
    private var starts: [UInt32] = []

    mutating func reserve(_ count: Int) { starts.reserveCapacity(count) }

    mutating func append(_ text: String?) {
        starts.append(UInt32(bytes.count))
        let length = text.map { min($0.utf8.count, 65_534) } ?? 65_535
        bytes.append(UInt8(truncatingIfNeeded: length))
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        guard let text else { return }
        if text.utf8.count == length {
            bytes.append(contentsOf: text.utf8)
        } else {
            bytes.append(contentsOf: text.utf8.prefix(length))
        }
    }

    /// A text with its length.
    func encoded(_ index: Int) -> ArraySlice<UInt8> {
        bytes[Int(starts[index])..<(index + 1 < starts.count ? Int(starts[index + 1]) : bytes.count)]
    }

    subscript(index: Int) -> String? {
        let start = Int(starts[index])
        let length = Int(bytes[start]) | Int(bytes[start + 1]) << 8
        return length == 65_535 ? nil : String(decoding: bytes[start + 2..<start + 2 + length], as: UTF8.self)
    }

    /// Reads so many texts; nil where there is too little.
    init?(_ columns: inout ByteColumnReader, _ count: Int) {
        reserve(count)
        let before = columns
        for _ in 0..<count {
            starts.append(UInt32(columns.place - before.place))
            guard let length = columns.number(UInt16.self), columns.skip(length == .max ? 0 : Int(length)) else {
                return nil
            }
        }
        bytes = Array(before.bytes[before.place..<columns.place])
    }

    init() {}
}

/// Reads columns; nil where there is too little.
struct ByteColumnReader {
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate private(set) var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    fileprivate mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - place >= count else { return false }
        place += count
        return true
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        let start = place
        guard skip(MemoryLayout<Number>.size) else { return nil }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }

    mutating func numbers<Number: FixedWidthInteger>(_: Number.Type, _ count: Int) -> [Number]? {
        let size = MemoryLayout<Number>.size
        guard (bytes.count - place) / size >= count else { return nil }
        defer { place += count * size }
        return (0..<count).map {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place + $0 * size, as: Number.self))
        }
    }

    mutating func varint() -> Int64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        return nil
    }

    mutating func varints(_ count: Int) -> [Int64]? {
        var result: [Int64] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard let number = varint() else { return nil }
            result.append(number)
        }
        return result
    }
}
