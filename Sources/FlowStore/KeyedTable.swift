import Flows
import NetworkTypes

/// Numbers by the hashes of what they stand for: open addressing with linear probing, one word a slot.
///
/// Most searches touch one line of memory, where Swift's dictionaries touch three, for which an import would wait.
struct HashIndex {
    /// The upper half of a hash above a number plus one, or 0 where there is none.
    ///
    /// The upper bits of the hash say where its slot is.
    private var slots: [UInt64] = []
    private var shift: UInt64 = 64
    private(set) var count = 0

    init(capacity: Int = 0) { reserve(max(8, capacity)) }

    mutating func reserve(_ capacity: Int) {
        // At most two thirds are taken, as few as a third.
        let bits = UInt64.bitWidth - (capacity + capacity / 2).leadingZeroBitCount
        guard 1 << bits > slots.count else { return }
        let old = slots
        slots = [UInt64](repeating: 0, count: 1 << bits)
        shift = UInt64(UInt64.bitWidth - bits)
        for slot in old where slot != 0 { put(slot) }
    }

    private func home(_ slot: UInt64) -> Int { Int(truncatingIfNeeded: slot >> shift) }

    private static func slot(_ number: Int32, _ hash: UInt64) -> UInt64 {
        hash & 0xFFFF_FFFF_0000_0000 | UInt64(UInt32(bitPattern: number) &+ 1)
    }

    private static func number(_ slot: UInt64) -> Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: slot) &- 1) }

    private mutating func put(_ slot: UInt64) {
        var place = home(slot)
        while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
        slots[place] = slot
    }

    /// A number of that hash for which `isIt` holds.
    @inline(__always)
    func first(_ hash: UInt64, where isIt: (Int32) -> Bool) -> Int32? {
        var place = home(hash)
        while slots[place] != 0 {
            if (slots[place] ^ hash) >> 32 == 0, isIt(Self.number(slots[place])) { return Self.number(slots[place]) }
            place = (place + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds a number, 0 or more, beside whatever has that hash already.
    mutating func insert(_ number: Int32, _ hash: UInt64) {
        reserve(count + 1)
        put(Self.slot(number, hash))
        count += 1
    }

    /// Takes a number out that was inserted under that hash.
    mutating func remove(_ number: Int32, _ hash: UInt64) {
        let slot = Self.slot(number, hash)
        var place = home(slot)
        while slots[place] != slot {
            guard slots[place] != 0 else { return }
            place = (place + 1) & (slots.count - 1)
        }
        count -= 1
        // What stands behind moves up, unless it would come before its home (Knuth, TAOCP 3, §6.4, algorithm R).
        var next = place
        while true {
            next = (next + 1) & (slots.count - 1)
            guard slots[next] != 0 else { break }
            let distance = (next - home(slots[next])) & (slots.count - 1)
            guard distance >= (next - place) & (slots.count - 1) else { continue }
            slots[place] = slots[next]
            place = next
        }
        slots[place] = 0
    }
}

/// Values by keys, in the order in which they came.
struct KeyedTable<Key: KeyHashable, Value> {
    private(set) var entries: [(key: Key, value: Value)] = []
    private var index = HashIndex()

    /// The value of a key.
    subscript(key: Key) -> Value? { place(of: key).map { entries[Int($0)].value } }

    private func place(of key: Key) -> Int32? { index.first(key.keyHash) { entries[Int($0)].key == key } }

    /// Adds a key that is not there yet.
    mutating func insert(_ key: Key, _ value: Value) {
        index.insert(Int32(entries.count), key.keyHash)
        entries.append((key, value))
    }

    /// Changes the value of a key, which is `initial` for a new one.
    @inline(__always)
    mutating func change<Result>(
        _ key: Key, from initial: @autoclosure () -> Value, _ body: (inout Value) -> Result
    ) -> Result {
        if let place = place(of: key) { return body(&entries[Int(place)].value) }
        var value = initial()
        defer { insert(key, value) }
        return body(&value)
    }
}

/// A key with a hash that nobody outside can choose.
protocol KeyHashable: Equatable {
    var keyHash: UInt64 { get }
}

/// Hashes of keys by multiplication of 64 with 64 bits, whose halves are added without carry (as wyhash does).
///
/// Whoever writes log lines chooses addresses and ports; the secret, which is drawn for each process, keeps him from
/// choosing ones that fall together.
enum KeyHash {
    private static let secret = (UInt64.random(in: .min ... .max) | 1, UInt64.random(in: .min ... .max))

    @inline(__always)
    static func of(_ word: UInt64, after hash: UInt64 = 0) -> UInt64 {
        let product = (word ^ hash ^ secret.1).multipliedFullWidth(by: secret.0)
        return product.high ^ product.low
    }
}

extension Int64: KeyHashable {
    var keyHash: UInt64 { KeyHash.of(UInt64(bitPattern: self)) }
}

extension Fingerprint: KeyHashable {
    /// A part of it: it is a hash under the store's secret already.
    var keyHash: UInt64 { low }
}

/// The key of an edge in half the room.
struct PackedEdge: KeyHashable {
    private let source, destination: (low: UInt64, high: UInt64)
    /// Families, protocol and service.
    private let rest: UInt64

    init(_ key: EdgeKey) {
        source = Self.halves(key.source.bits)
        destination = Self.halves(key.destination.bits)
        let service = UInt32(truncatingIfNeeded: StoredService.number(key.service))
        let families = key.source.family.rawValue << 4 | key.destination.family.rawValue
        rest = UInt64(families) << 40 | UInt64(key.proto.rawValue) << 32 | UInt64(service)
    }

    private static func halves(_ bits: UInt128) -> (UInt64, UInt64) {
        (UInt64(truncatingIfNeeded: bits), UInt64(truncatingIfNeeded: bits >> 64))
    }

    static func == (a: Self, b: Self) -> Bool {
        a.source == b.source && a.destination == b.destination && a.rest == b.rest
    }

    var keyHash: UInt64 {
        var hash = KeyHash.of(rest)
        hash = KeyHash.of(source.low, after: hash)
        hash = KeyHash.of(source.high, after: hash)
        hash = KeyHash.of(destination.low, after: hash)
        return KeyHash.of(destination.high, after: hash)
    }
}
