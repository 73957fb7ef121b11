/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
///
/// The key is the store's own secret: whoever writes log lines cannot choose two that collide.
struct SipHash: Sendable {
    private var v0, v1, v2, v3: UInt64
    /// Up to seven bytes that do not fill a word yet, the first lowest.
    private var pending: UInt64 = 0
    private(set) var count = 0

    init(key: (UInt64, UInt64)) {
        v0 = key.0 ^ 0x736F_6D65_7073_6575
        v1 = key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE  // 0xEE selects the long output.
        v2 = key.0 ^ 0x6C79_6765_6E65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    private mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }

    private mutating func word(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    /// Takes the lowest bytes of a word, at least one, the lowest first; the others are zero.
    @inline(__always)
    private mutating func combine(_ next: UInt64, bytes: Int) {
        let before = count & 7
        let shift = UInt64(8 * before)
        pending |= next << shift
        count += bytes
        guard before + bytes >= 8 else { return }
        word(pending)
        pending = before == 0 ? 0 : next >> (64 - shift)
    }

    mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index + 8 <= bytes.count {
            combine(
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)), bytes: 8)
            index += 8
        }
        guard index < bytes.count else { return }
        var rest: UInt64 = 0
        for place in index..<bytes.count { rest |= UInt64(bytes[place]) << UInt64(8 * (place - index)) }
        combine(rest, bytes: bytes.count - index)
    }

    mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
        combine(UInt8(0))
    }

    @inline(__always)
    mutating func combine(_ number: some FixedWidthInteger & UnsignedInteger) {
        var (left, bytes) = (number, number.bitWidth / 8)
        while bytes > 8 {
            combine(UInt64(truncatingIfNeeded: left), bytes: 8)
            left >>= 64
            bytes -= 8
        }
        combine(UInt64(left), bytes: bytes)
    }

    /// The hash of what was combined; more may be combined afterwards.
    var digest: Fingerprint {
        var copy = self
        copy.word(pending | UInt64(count & 0xFF) << 56)
        copy.v2 ^= 0xEE
        for _ in 0..<4 { copy.round() }
        let low = copy.v0 ^ copy.v1 ^ copy.v2 ^ copy.v3
        copy.v1 ^= 0xDD
        for _ in 0..<4 { copy.round() }
        return Fingerprint(low: low, high: copy.v0 ^ copy.v1 ^ copy.v2 ^ copy.v3)
    }
}

/// 128 bits that stand for bytes; equal bytes have equal fingerprints under one store's key.
struct Fingerprint: Hashable, Sendable {
    var low: UInt64
    var high: UInt64

    /// Sixteen bytes in the order of the algorithm's specification.
    var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? low : high) >> UInt64(8 * ($0 & 7))) }
    }
}
