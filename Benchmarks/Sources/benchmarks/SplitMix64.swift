/// A small generator of random numbers whose sequence is fixed by its seed (Steele, Lea, Flood: OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from zero up to, not including, `bound`, which is at least one.
    mutating func below(_ bound: Int) -> Int { Int(((next() >> 32) &* UInt64(bound)) >> 32) }

    /// A number from zero up to, not including, one.
    mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// One of the values, of which there is at least one.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// The place in a list of weights that a number picks.
    mutating func pick(weights: [Double]) -> Int {
        var rest = share() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.count - 1
    }
}
