/// A set of integers, held as sorted, disjoint, non-adjacent closed intervals.
///
/// Two sets with the same members are equal. Every operation is linear in the number of
/// intervals, but for making a set from parts and `union`, which sort them.
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Hashable, Sendable {
    // INVARIANT: for neighbours a, b: a.upperBound + 1 < b.lowerBound.
    /// The intervals in ascending order.
    public private(set) var intervals: [ClosedRange<Bound>]

    /// The set without a member.
    public init() { intervals = [] }

    /// Every member of one interval.
    public init(_ interval: ClosedRange<Bound>) { intervals = [interval] }

    /// The union of intervals in any order.
    public init(_ parts: some Sequence<ClosedRange<Bound>>) {
        intervals = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) { append(part) }
    }

    /// Every value of the type.
    public static var all: Self { Self(Bound.min...Bound.max) }

    /// Whether the set has no member.
    public var isEmpty: Bool { intervals.isEmpty }

    private mutating func append(_ part: ClosedRange<Bound>) {
        guard let last = intervals.last else {
            intervals.append(part)
            return
        }
        if last.upperBound == .max || part.lowerBound <= last.upperBound + 1 {
            intervals[intervals.count - 1] = last.lowerBound...max(last.upperBound, part.upperBound)
        } else {
            intervals.append(part)
        }
    }

    /// Whether `value` is a member; logarithmic.
    public func contains(_ value: Bound) -> Bool {
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < intervals.count && intervals[low].lowerBound <= value
    }

    /// Whether every member of `other` is a member.
    public func isSuperset(of other: Self) -> Bool { other.subtracting(self).isEmpty }

    /// The members of either set.
    public func union(_ other: Self) -> Self { Self(intervals + other.intervals) }

    /// The values that are not members.
    public var complement: Self {
        var result = Self()
        var next: Bound? = .min
        for interval in intervals {
            if let start = next, start < interval.lowerBound {
                result.intervals.append(start...(interval.lowerBound - 1))
            }
            next = interval.upperBound == .max ? nil : interval.upperBound + 1
        }
        if let start = next { result.intervals.append(start...Bound.max) }
        return result
    }

    /// The members of both sets.
    public func intersection(_ other: Self) -> Self {
        var result = Self()
        var (i, j) = (0, 0)
        while i < intervals.count, j < other.intervals.count {
            let (a, b) = (intervals[i], other.intervals[j])
            let low = max(a.lowerBound, b.lowerBound)
            let high = min(a.upperBound, b.upperBound)
            if low <= high { result.intervals.append(low...high) }
            if a.upperBound < b.upperBound { i += 1 } else { j += 1 }
        }
        return result
    }

    /// The members that `other` lacks.
    public func subtracting(_ other: Self) -> Self { intersection(other.complement) }
}
