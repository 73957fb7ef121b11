/// Finds what somebody may have meant.
package enum Suggestion {
    /// `, did you mean …?` with the nearest of the names, or nothing when none is near.
    package static func hint(for text: String, among names: some Sequence<String>) -> String {
        nearest(to: text, among: names).map { ", did you mean `\($0)`?" } ?? ""
    }

    /// The nearest name: equal but for case, or at most a third of the letters away; ties break by name.
    static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let wanted = Array(text.lowercased().unicodeScalars)
        let limit = max(1, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for name in names where name != text && name.utf8.count <= 64 {
            let candidate = Array(name.lowercased().unicodeScalars)
            guard abs(candidate.count - wanted.count) <= limit else { continue }
            let distance = distance(wanted, candidate)
            guard distance <= limit, distance < max(wanted.count, candidate.count) else { continue }
            if let known = best, (known.distance, known.name) <= (distance, name) { continue }
            best = (distance, name)
        }
        return best?.name
    }

    /// Edits between two words: insertion, deletion, replacement, and exchange of neighbours each count one.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var older: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, older[j - 1] + 1) }
                current.append(cost)
            }
            older = previous
            previous = current
        }
        return previous.last ?? 0
    }
}
