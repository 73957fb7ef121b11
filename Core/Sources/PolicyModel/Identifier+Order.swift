extension Identifier {
    /// Orders by the bytes of the name, the same on every machine.
    public static func < (a: Self, b: Self) -> Bool {
        let quick = a.rawValue.utf8.withContiguousStorageIfAvailable { one in
            b.rawValue.utf8.withContiguousStorageIfAvailable { other in
                precedes(UnsafeRawBufferPointer(one), UnsafeRawBufferPointer(other))
            }
        }
        return (quick ?? nil) ?? a.rawValue.utf8.lexicographicallyPrecedes(b.rawValue.utf8)
    }

    /// Whether the bytes come first: eight at a time, the first as the highest.
    private static func precedes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        let shared = Swift.min(a.count, b.count)
        var place = 0
        while place + 8 <= shared {
            let one = a.loadUnaligned(fromByteOffset: place, as: UInt64.self).bigEndian
            let other = b.loadUnaligned(fromByteOffset: place, as: UInt64.self).bigEndian
            if one != other { return one < other }
            place += 8
        }
        while place < shared {
            if a[place] != b[place] { return a[place] < b[place] }
            place += 1
        }
        return a.count < b.count
    }
}
