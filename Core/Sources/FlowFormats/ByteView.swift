/// A stretch of bytes that somebody else owns; reading outside of it gives zero, so that no input can trap.
///
/// A view must not outlive the buffer that it was made from: readers keep none across lines.
struct ByteView: RandomAccessCollection {
    let base: UnsafePointer<UInt8>?
    // INVARIANT: base is readable in startIndex..<endIndex, and startIndex <= endIndex.
    let startIndex: Int
    let endIndex: Int

    /// The view of nothing, which stands for "not given".
    static var none: ByteView { ByteView(base: nil, startIndex: 0, endIndex: 0) }

    init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        startIndex = 0
        endIndex = bytes.count
    }

    private init(base: UnsafePointer<UInt8>?, startIndex: Int, endIndex: Int) {
        self.base = base
        self.startIndex = startIndex
        self.endIndex = endIndex
    }

    /// Whether the view was given at all; an empty string was.
    var exists: Bool { base != nil }

    @inline(__always) subscript(position: Int) -> UInt8 {
        guard let base, position >= startIndex, position < endIndex else { return 0 }
        return base[position]
    }

    /// The part of the range that lies inside the view.
    @inline(__always) subscript(bounds: Range<Int>) -> ByteView {
        let lower = Swift.min(Swift.max(bounds.lowerBound, startIndex), endIndex)
        let upper = Swift.min(Swift.max(bounds.upperBound, lower), endIndex)
        return ByteView(base: base, startIndex: lower, endIndex: upper)
    }

    /// The part from `lower` up to, not including, `upper`, wherever they lie.
    @inline(__always) func from(_ lower: Int, to upper: Int) -> ByteView { self[lower..<Swift.max(lower, upper)] }

    /// The number of plain string bytes from `position`, in whole groups of eight: no quote, backslash or control.
    @inline(__always) func plainBytes(from position: Int) -> Int {
        guard let base, position >= startIndex else { return 0 }
        let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var index = position
        while index &+ 8 <= endIndex {
            let x = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
            let quote = x ^ (ones &* 0x22)
            let backslash = x ^ (ones &* 0x5C)
            // The top bit of a byte is set where it is zero after the exclusive or, or below 0x20.
            let found =
                ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((x &- (ones &* 0x20)) & ~x)
            if found & tops != 0 { break }
            index &+= 8
        }
        return index &- position
    }

    /// Whether the bytes are exactly this text.
    @inline(__always) func equals(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard endIndex &- startIndex == length, let base else { return false }
        let (mine, other) = (base + startIndex, text.utf8Start)
        var index = 0
        while index < length {
            if mine[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the view begins with this text.
    func starts(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && from(startIndex, to: startIndex + text.utf8CodeUnitCount).equals(text)
    }

    /// Whether both views hold the same bytes.
    func equals(_ other: some RandomAccessCollection<UInt8>) -> Bool { count == other.count && elementsEqual(other) }

    /// The text, or nil when the bytes are not UTF-8.
    var text: String? {
        guard let base else { return nil }
        let bytes = UnsafeBufferPointer(start: base + startIndex, count: count)
        // ASCII needs no validation, which costs more than the rest.
        let all = bytes.reduce(0) { $0 | $1 }
        return all < 0x80 ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }
}
