/// A small generator of random numbers whose sequence is fixed by its seed (Steele, Lea, Flood: OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator; equal seeds give equal sequences on every machine.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension RandomNumberGenerator {
    /// A number from zero up to, not including, `bound`; the bias is below 2⁻³² for the small bounds of tests.
    public mutating func below(_ bound: Int) -> Int { Int(next() >> 32) % max(1, bound) }

    /// True in so many of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of the values; of none it traps.
    public mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// A list of `count` made values.
    public mutating func list<Value>(_ count: ClosedRange<Int>, _ make: (inout Self) -> Value) -> [Value] {
        (0..<(count.lowerBound + below(count.count))).map { _ in make(&self) }
    }
}
