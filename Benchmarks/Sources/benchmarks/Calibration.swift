/// What this machine does just now: a chain of dependent loads and a copy, measured in the process of the figures.
///
/// Figures move with the machine and its neighbours; their ratio to this kernel moves less.
struct Calibration {
    /// Nanoseconds for one load whose address depends on the load before, over 16 MiB in random order.
    let chase: Samples
    /// Bytes copied in a nanosecond, 64 MiB at a time.
    let copy: Samples

    init(repeats: Int = 5) {
        let next = Self.cycle(of: 4 << 20)
        var place: UInt32 = 0
        let steps = 1 << 20
        chase = Samples(repeats: repeats, prepare: {}) {
            next.withUnsafeBufferPointer { next in
                for _ in 0..<steps { place = next[Int(place)] }
            }
        }.scaled { $0 / Double(steps) }
        let words = 8 << 20
        let source = [UInt64](repeating: UInt64(place), count: words)
        var target = [UInt64](repeating: 1, count: words)
        copy = Samples(repeats: repeats, prepare: {}) {
            source.withUnsafeBytes { from in target.withUnsafeMutableBytes { $0.copyMemory(from: from) } }
        }.scaled { Double(words * 8) / $0 }
        precondition(target[words / 2] == UInt64(place), "the copy was made")
    }

    /// One cycle through all places in random order (Sattolo 1986).
    private static func cycle(of count: Int) -> [UInt32] {
        var random = SplitMix64(seed: 1)
        var next = [UInt32](0..<UInt32(count))
        for index in stride(from: count - 1, to: 0, by: -1) { next.swapAt(index, random.below(index)) }
        return next
    }
}
