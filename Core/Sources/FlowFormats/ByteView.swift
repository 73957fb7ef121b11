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

    /// Whether the bytes are exactly this text.
    @inline(__always) func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        var index = 0
        while index < count {
            if self[startIndex &+ index] != other[index] { return false }
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
        return String(
            validating: UnsafeBufferPointer(start: base + startIndex, count: count), as: UTF8.self)
    }
}
