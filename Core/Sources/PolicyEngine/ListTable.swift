/// Distinct lists of numbers, numbered in order of first appearance.
///
/// A hash table with linear probing over one flat array; a list costs no allocation of its own.
package struct ListTable: Sendable {
    private var items: [UInt32] = []
    /// Where each list begins, and the end of the last.
    private var starts: [Int] = [0]
    // INVARIANT: a power of two, at least twice the number of lists; 0 is an empty bucket, else list + 1.
    private var buckets = [UInt32](repeating: 0, count: 64)

    /// A table without a list.
    package init() {}

    /// The number of lists.
    package var count: Int { starts.count - 1 }

    /// The list with this number.
    package subscript(number: Int) -> ArraySlice<UInt32> { items[starts[number]..<starts[number + 1]] }

    /// The number of a list; `isNew` when it was not there before.
    package mutating func number(of list: [UInt32]) -> (number: Int, isNew: Bool) {
        list.withUnsafeBufferPointer { number(of: $0) }
    }

    /// The number of a list; `isNew` when it was not there before.
    mutating func number(of list: UnsafeBufferPointer<UInt32>) -> (number: Int, isNew: Bool) {
        let mask = buckets.count - 1
        var bucket = IdentityTable.mix(list) & mask
        while buckets[bucket] != 0 {
            let known = Int(buckets[bucket] - 1)
            if items[starts[known]..<starts[known + 1]].elementsEqual(list) { return (known, false) }
            bucket = (bucket + 1) & mask
        }
        let made = count
        items.append(contentsOf: list)
        starts.append(items.count)
        buckets[bucket] = UInt32(made) + 1
        if (made + 2) * 2 > buckets.count { grow() }
        return (made, true)
    }

    private mutating func grow() {
        buckets = Array(repeating: 0, count: buckets.count * 4)
        let mask = buckets.count - 1
        for known in 0..<count {
            var bucket =
                items.withUnsafeBufferPointer {
                    IdentityTable.mix(UnsafeBufferPointer(rebasing: $0[starts[known]..<starts[known + 1]]))
                } & mask
            while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
            buckets[bucket] = UInt32(known) + 1
        }
    }
}
