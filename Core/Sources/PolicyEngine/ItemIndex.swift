/// Finds numbered items by their content: an open-addressing table of numbers, each with half of its content's hash.
///
/// It holds no content; whoever asks says whether an item is the one that is sought.
struct ItemIndex: Sendable {
    // INVARIANT: a power of two, at least twice the number of items; 0 is an empty bucket, else tag << 32 | item + 1.
    private var buckets: [UInt64]
    /// The number of items.
    private(set) var count = 0

    /// An index with room for so many items.
    init(capacity: Int = 8) {
        var size = 16
        while size < capacity * 2 + 2 { size *= 2 }
        buckets = Array(repeating: 0, count: size)
    }

    private static func tag(_ hash: UInt64) -> UInt64 { hash >> 32 }

    /// The item with this hash of which `isIt` holds.
    @inline(__always)
    func first(_ hash: UInt64, where isIt: (Int) -> Bool) -> Int? {
        let tag = Self.tag(hash)
        let mask = buckets.count - 1
        var bucket = Int(tag) & mask
        while buckets[bucket] != 0 {
            if buckets[bucket] >> 32 == tag {
                let item = Int(buckets[bucket] & 0xFFFF_FFFF) - 1
                if isIt(item) { return item }
            }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    /// The item with this hash of which `isIt` holds; when there is none, `item` is entered and nil returned.
    @inline(__always)
    mutating func firstOrEnter(_ item: Int, _ hash: UInt64, where isIt: (Int) -> Bool) -> Int? {
        let tag = Self.tag(hash)
        let mask = buckets.count - 1
        var bucket = Int(tag) & mask
        while buckets[bucket] != 0 {
            if buckets[bucket] >> 32 == tag {
                let item = Int(buckets[bucket] & 0xFFFF_FFFF) - 1
                if isIt(item) { return item }
            }
            bucket = (bucket + 1) & mask
        }
        buckets[bucket] = tag << 32 | UInt64(item + 1)
        count += 1
        if count * 2 >= buckets.count { grow() }
        return nil
    }

    /// Enters an item that is not there.
    mutating func enter(_ item: Int, _ hash: UInt64) { _ = firstOrEnter(item, hash) { _ in false } }

    /// Removes an item that was entered with this hash.
    mutating func remove(_ item: Int, _ hash: UInt64) {
        let wanted = Self.tag(hash) << 32 | UInt64(item + 1)
        let mask = buckets.count - 1
        var hole = Int(Self.tag(hash)) & mask
        while buckets[hole] != wanted {
            if buckets[hole] == 0 { return }
            hole = (hole + 1) & mask
        }
        // Close the gap, so that probing still finds what lies behind it.
        var next = (hole + 1) & mask
        while buckets[next] != 0 {
            let home = Int(buckets[next] >> 32) & mask
            if (next - home) & mask >= (next - hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = 0
        count -= 1
    }

    private mutating func grow() {
        let old = buckets
        buckets = Array(repeating: 0, count: old.count * 2)
        let mask = buckets.count - 1
        for entry in old where entry != 0 {
            var bucket = Int(entry >> 32) & mask
            while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
            buckets[bucket] = entry
        }
    }
}
