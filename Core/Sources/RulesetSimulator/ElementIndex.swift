/// The keys of a set, arranged for lookup: hashes for exact keys, sorted intervals, boxes for concatenated intervals.
struct ElementIndex: Hashable, Sendable {
    /// One field's values, both ends included.
    typealias Part = ClosedRange<UInt128>

    private struct Interval: Hashable, Sendable {
        var part: Part
        var element: Int
    }

    private struct Box: Hashable, Sendable {
        var parts: [Part]
        var element: Int
    }

    private var exact: [UInt128: Int] = [:]
    // INVARIANT: sorted by lower bound, disjoint.
    private var intervals: [Interval] = []
    private var tuples: [[UInt128]: Int] = [:]
    private var boxes: [Box] = []
    /// The element `*`.
    private(set) var otherwise: Int?

    /// Two elements that cannot stand in one set, by their ordinals.
    struct Conflict: Error { var first: Int, second: Int }

    /// Arranges the elements, each by its ordinal.
    ///
    /// A nil key is the element `*`; `differ` tells whether two equal keys contradict. Refuses what kernel and nft
    /// refuse: overlapping intervals unless merged, and equal keys that contradict.
    init(_ keys: [[Part]?], merges: Bool, isMap: Bool, differ: (Int, Int) -> Bool) throws(Conflict) {
        var singles: [Interval] = []
        for (ordinal, key) in keys.enumerated() {
            guard let key else {
                if let other = otherwise, differ(other, ordinal) { throw Conflict(first: other, second: ordinal) }
                otherwise = otherwise ?? ordinal
                continue
            }
            if key.count == 1 {
                singles.append(Interval(part: key[0], element: ordinal))
            } else if key.allSatisfy({ $0.lowerBound == $0.upperBound }) {
                let tuple = key.map(\.lowerBound)
                if let other = tuples[tuple] {
                    if differ(other, ordinal) { throw Conflict(first: other, second: ordinal) }
                } else {
                    tuples[tuple] = ordinal
                }
            } else {
                boxes.append(Box(parts: key, element: ordinal))
            }
        }
        try arrange(singles, merges: merges, differ: differ)
        try checkBoxes(keys, isMap: isMap)
    }

    private mutating func arrange(
        _ singles: [Interval], merges: Bool, differ: (Int, Int) -> Bool
    ) throws(Conflict) {
        var kept: [Interval] = []
        for next in singles.sorted(by: { ($0.part.lowerBound, $0.element) < ($1.part.lowerBound, $1.element) }) {
            guard let last = kept.last, next.part.lowerBound <= last.part.upperBound else {
                kept.append(next)
                continue
            }
            if merges {
                let upper = max(last.part.upperBound, next.part.upperBound)
                kept[kept.count - 1].part = last.part.lowerBound...upper
            } else if last.part != next.part || differ(last.element, next.element) {
                throw Conflict(first: last.element, second: next.element)
            }
        }
        for interval in kept {
            if interval.part.lowerBound == interval.part.upperBound {
                exact[interval.part.lowerBound] = interval.element
            } else {
                intervals.append(interval)
            }
        }
    }

    /// Refuses a box that starts or ends in another (`nft_pipapo_insert`), and in a map any overlap at all.
    private func checkBoxes(_ keys: [[Part]?], isMap: Bool) throws(Conflict) {
        for box in boxes {
            for (ordinal, key) in keys.enumerated() where ordinal != box.element {
                guard let key, key.count == box.parts.count, key != box.parts else { continue }
                let pairs = zip(key, box.parts)
                let refused =
                    isMap
                    ? pairs.allSatisfy { $0.overlaps($1) }
                    : pairs.allSatisfy { $1.contains($0.lowerBound) } || pairs.allSatisfy { $1.contains($0.upperBound) }
                if refused { throw Conflict(first: min(ordinal, box.element), second: max(ordinal, box.element)) }
            }
        }
    }

    /// The ordinal of the element that holds a key of one field.
    func find(_ key: UInt128) -> Int? {
        if let found = exact[key] { return found }
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].part.upperBound < key { low = middle + 1 } else { high = middle }
        }
        if low < intervals.count, intervals[low].part.lowerBound <= key { return intervals[low].element }
        return otherwise
    }

    /// The ordinal of the element that holds a key of several fields; linear in the elements with intervals.
    func find(_ key: [UInt128]) -> Int? {
        if let found = tuples[key] { return found }
        for box in boxes {
            var inside = true
            for index in key.indices where !box.parts[index].contains(key[index]) {
                inside = false
                break
            }
            if inside { return box.element }
        }
        return otherwise
    }
}
