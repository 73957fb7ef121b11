internal import NetworkTypes
internal import PolicyModel

/// A hash of what things say, quicker than `Hasher`: equal things have equal hashes, in this process.
///
/// Words are mixed by a multiplication that is folded, as in wyhash; the seed is drawn anew for each process, as for
/// Swift's own hashing, so that nobody can choose names that collide.
struct ContentHash {
    static let seed = UInt64(bitPattern: Int64(Hasher().finalize()))
    private(set) var value: UInt64

    /// A loop takes the seed out of it.
    init(seed: UInt64 = Self.seed) { value = seed }

    @inline(__always)
    mutating func add(_ word: UInt64) {
        let product = (value ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        value = product.high ^ product.low
    }

    mutating func add(_ address: IPAddress) {
        add(UInt64(truncatingIfNeeded: address.bits) &+ (address.family == .ipv4 ? 1 : 0))
        if address.family == .ipv6 { add(UInt64(truncatingIfNeeded: address.bits >> 64)) }
    }

    @inline(__always)
    mutating func add(_ text: String) {
        let known = text.utf8.withContiguousStorageIfAvailable { bytes in ascii(UnsafeRawBufferPointer(bytes)) }
        // Other texts can be equal with different bytes, which only Swift's hash sees through.
        if known != true { add(UInt64(bitPattern: Int64(text.hashValue))) }
    }

    /// Adds ASCII bytes; false, and something that the bytes determine or nothing, when there are others.
    @inline(__always)
    private mutating func ascii(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = bytes.count
        let before = value
        var all: UInt64 = 0
        add(UInt64(count))
        if count >= 8 {
            var place = 0
            while place + 8 <= count {
                let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                all |= word
                add(word)
                place += 8
            }
            if place < count {
                let word = bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
                all |= word
                add(word)
            }
        } else if count >= 4 {
            let first = bytes.loadUnaligned(as: UInt32.self)
            let last = bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            all = UInt64(first) << 32 | UInt64(last)
            add(all)
        } else if count > 0 {
            all = UInt64(bytes[0]) << 16 | UInt64(bytes[count / 2]) << 8 | UInt64(bytes[count - 1])
            add(all)
        }
        if all & 0x8080_8080_8080_8080 == 0 { return true }
        value = before
        return false
    }
}

extension ContentHash {
    @inline(__always)
    static func of(_ text: String, seed: UInt64 = Self.seed) -> UInt64 {
        var hash = Self(seed: seed)
        hash.add(text)
        return hash.value
    }

    @inline(__always)
    static func of(_ address: IPAddress, seed: UInt64 = Self.seed) -> UInt64 {
        var hash = Self(seed: seed)
        hash.add(address)
        return hash.value
    }

    static func of(_ expression: EndExpression) -> UInt64 {
        var hash = Self()
        hash.add(expression)
        return hash.value
    }

    private mutating func add(_ expression: EndExpression) {
        switch expression {
        case .any: add(1)
        case .anyWorkload: add(2)
        case .selector(let selector):
            add(3)
            add(selector)
        case .workload(let id):
            add(4)
            add(id.rawValue)
        case .addressSet(let id):
            add(5)
            add(id.rawValue)
        case .addresses(let set):
            add(6)
            for family in AddressFamily.allCases {
                for interval in set.intervals(family).intervals {
                    for bound in [interval.lowerBound, interval.upperBound] {
                        add(UInt64(truncatingIfNeeded: bound))
                        add(UInt64(truncatingIfNeeded: bound >> 64))
                    }
                }
            }
        case .union(let parts):
            add(7 | UInt64(parts.count) << 8)
            for part in parts { add(part) }
        case .intersection(let parts):
            add(8 | UInt64(parts.count) << 8)
            for part in parts { add(part) }
        case .difference(let first, let second):
            add(9)
            add(first)
            add(second)
        }
    }

    private mutating func add(_ selector: Selector) {
        switch selector {
        case .all: add(11)
        case .equals(let key, let value): add(12, key, [value])
        case .notEquals(let key, let value): add(13, key, [value])
        case .isIn(let key, let values): add(14, key, values)
        case .notIn(let key, let values): add(15, key, values)
        case .exists(let key): add(16, key, [])
        case .notExists(let key): add(17, key, [])
        case .not(let inner):
            add(18)
            add(inner)
        case .and(let parts):
            add(19 | UInt64(parts.count) << 8)
            for part in parts { add(part) }
        case .or(let parts):
            add(20 | UInt64(parts.count) << 8)
            for part in parts { add(part) }
        }
    }

    @inline(__always)
    private mutating func add(_ tag: UInt64, _ key: LabelKey, _ values: some Collection<LabelValue>) {
        add(tag | UInt64(values.count) << 8)
        add(key.description)
        for value in values { add(value.description) }
    }
}
