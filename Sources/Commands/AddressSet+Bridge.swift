import NetworkTypes

extension AddressSet {
    /// Both ranges as one, where only members lie between them: addresses of workloads, when ranges outside are written.
    func bridge(_ low: AddressRange, _ high: AddressRange) -> AddressRange? {
        guard low.family == high.family, low.upper.bits < high.lower.bits else { return nil }
        if low.upper.bits + 1 < high.lower.bits {
            let gap = IntervalSet(low.upper.bits + 1...high.lower.bits - 1)
            guard intervals(low.family).isSuperset(of: gap) else { return nil }
        }
        return AddressRange(low.lower, high.upper)
    }

    /// The ranges, ascending, in the fewest that are written across members.
    func bridged(_ ranges: [AddressRange]) -> [AddressRange] {
        ranges.sorted().reduce(into: []) { result, range in
            if let last = result.last, let both = bridge(last, range) {
                result[result.count - 1] = both
            } else {
                result.append(range)
            }
        }
    }
}
