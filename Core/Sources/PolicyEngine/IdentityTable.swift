internal import PolicyModel

/// The identities: the distinct rows of columns, each with the number of addresses that have it.
///
/// A hash table with linear probing over one flat array of columns; finding or adding a row takes constant time.
package struct IdentityTable: Sendable {
    /// The number of columns of a row.
    let width: Int
    /// All rows, one after the other; a row that nothing refers to keeps its place until it is used again.
    private(set) var columns: [UInt32] = []
    /// How many addresses have each identity; 0 where the place is free.
    private(set) var references: [UInt32] = []
    private var free: [UInt32] = []
    // INVARIANT: a power of two, at least twice the number of rows; 0 is an empty bucket, else identity + 1.
    private var buckets: [UInt32]

    init(width: Int) {
        self.width = width
        buckets = Array(repeating: 0, count: 64)
    }

    /// The number of places, used or free; identities are below it.
    package var capacity: Int { references.count }

    /// The number of identities in use.
    var count: Int { references.count - free.count }

    /// Whether the place holds an identity.
    package func isUsed(_ identity: UInt32) -> Bool { references[Int(identity)] > 0 }

    /// One column of an identity.
    package func column(_ column: Int, of identity: UInt32) -> UInt32 { columns[Int(identity) * width + column] }

    /// Adds a reference to the identity with this row; `isNew` when there was none before.
    mutating func retain(_ row: [UInt32]) -> (identity: UInt32, isNew: Bool) {
        row.withUnsafeBufferPointer { retain($0) }
    }

    /// Adds a reference to the identity with this row of `width` columns; `isNew` when there was none before.
    mutating func retain(_ row: UnsafeBufferPointer<UInt32>) -> (identity: UInt32, isNew: Bool) {
        let mask = buckets.count - 1
        var bucket = Self.mix(row) & mask
        while buckets[bucket] != 0 {
            let identity = buckets[bucket] - 1
            if equal(identity, row) {
                references[Int(identity)] += 1
                return (identity, false)
            }
            bucket = (bucket + 1) & mask
        }
        let identity: UInt32
        if let place = free.popLast() {
            identity = place
            columns.replaceSubrange(Int(place) * width..<(Int(place) + 1) * width, with: row)
            references[Int(place)] = 1
        } else {
            identity = UInt32(references.count)
            columns.append(contentsOf: row)
            references.append(1)
        }
        buckets[bucket] = identity + 1
        if (references.count + 1) * 2 > buckets.count { grow() }
        return (identity, true)
    }

    /// Takes a reference away; true when it was the last one and the identity is gone.
    mutating func release(_ identity: UInt32) -> Bool {
        let index = Int(identity)
        precondition(references[index] > 0, "an identity is released once for each time it is retained")
        references[index] -= 1
        guard references[index] == 0 else { return false }
        let mask = buckets.count - 1
        var hole = hash(identity) & mask
        while buckets[hole] != identity + 1 { hole = (hole + 1) & mask }
        // Close the gap, so that probing still finds what lies behind it.
        var next = (hole + 1) & mask
        while buckets[next] != 0 {
            let home = hash(buckets[next] - 1) & mask
            if (next - home) & mask >= (next - hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = 0
        free.append(identity)
        return true
    }

    private mutating func grow() {
        buckets = Array(repeating: 0, count: buckets.count * 4)
        let mask = buckets.count - 1
        for identity in references.indices where references[identity] > 0 {
            var bucket = hash(UInt32(identity)) & mask
            while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
            buckets[bucket] = UInt32(identity) + 1
        }
    }

    @inline(__always)
    private func equal(_ identity: UInt32, _ row: UnsafeBufferPointer<UInt32>) -> Bool {
        let base = Int(identity) * width
        return columns.withUnsafeBufferPointer { columns in
            for index in 0..<width where columns[base + index] != row[index] { return false }
            return true
        }
    }

    private func hash(_ identity: UInt32) -> Int {
        let base = Int(identity) * width
        return columns.withUnsafeBufferPointer { Self.mix(UnsafeBufferPointer(rebasing: $0[base..<base + width])) }
    }

    /// Multiply and fold, the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, figure 16).
    static func mix(_ row: UnsafeBufferPointer<UInt32>) -> Int {
        var state: UInt64 = 0
        // Two numbers at a time.
        var place = 0
        while place < row.count {
            let other = place + 1 < row.count ? UInt64(row[place + 1]) : 0
            state = (state ^ UInt64(row[place]) ^ other << 32) &* 0xBF58_476D_1CE4_E5B9
            state ^= state >> 29
            place += 2
        }
        return Int(truncatingIfNeeded: state >> 1)
    }
}

/// The agent column of an identity: mode in the low bits, then whether it enforces process and principal parts.
package enum AgentColumn {
    static func code(_ workload: Workload) -> UInt32 {
        let mode: UInt32 =
            switch workload.mode {
            case nil: 0
            case .idle: 1
            case .visibility: 2
            case .selective: 3
            case .full: 4
            }
        return mode | (workload.enforcesAttributes ? 8 : 0)
    }

    static func mode(_ code: UInt32) -> EnforcementMode? {
        switch code & 7 {
        case 1: .idle
        case 2: .visibility
        case 3: .selective
        case 4: .full
        default: nil
        }
    }

    package static func enforcesAttributes(_ code: UInt32) -> Bool { code & 8 != 0 }
}
