import PolicyModel
import TestWorlds

/// Selectors of every shape with values that look like the language's own signs and words.
enum RandomSelector {
    static let keys = ["app", "env", "a", "Z9", "team.example/x", "x-y_z", "all-of", "nothing", "in.", "notexists"]
        .compactMap { LabelKey($0) }
    static let values = [
        "web", "", "and", "or", "not", "in", "all", "exists", "a b", "a  b", "\"", "\\", "\\\"", "a\"b", "(", ")", "()",
        ",",
        "a,b", "=", "!=", "!", "app = web", "x) or (all", "#", "'", "::1", "10.0.0.0/8", "-", "_", "~", "{}", "${x}",
        "%s",
        String(repeating: "v", count: 255),
    ].compactMap { LabelValue($0) }

    static func make(depth: Int, using rng: inout SplitMix64) -> Selector {
        let key = rng.pick(keys)
        switch rng.below(depth > 0 ? 12 : 7) {
        case 0: return .equals(key, rng.pick(values))
        case 1: return .notEquals(key, rng.pick(values))
        case 2: return .isIn(key, rng.list(0...3) { $0.pick(values) })
        case 3: return .notIn(key, rng.list(0...3) { $0.pick(values) })
        case 4: return .exists(key)
        case 5: return .notExists(key)
        case 6: return .all
        case 7, 8: return .not(make(depth: depth - 1, using: &rng))
        case 9, 10: return .and(rng.list(0...3) { make(depth: depth - 1, using: &$0) })
        default: return .or(rng.list(0...3) { make(depth: depth - 1, using: &$0) })
        }
    }

    static func labels(using rng: inout SplitMix64) -> Labels {
        var labels: Labels = [:]
        for key in keys where rng.chance(50) { labels[key] = rng.pick(values) }
        return labels
    }
}
