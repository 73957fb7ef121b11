import Flows
import Foundation
public import NetworkTypes

/// Numbers and times of flows, short enough for a table.
public enum FlowsAmount {
    /// Bytes in the largest unit that leaves three digits: `712 B`, `4.0 MB`; powers of 1,000.
    public static func bytes(_ count: UInt64?) -> String {
        guard let count else { return "-" }
        var value = Double(count)
        var units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"][...]
        while value >= 999.5, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        guard let unit = units.first, unit != "B" else { return "\(count) B" }
        let tenths = Int((value * 10).rounded())
        return value < 99.95 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(Int(value.rounded())) \(unit)"
    }

    /// A time to the minute, in UTC: `2020-04-30 00:33`.
    public static func minute(_ instant: Instant) -> String {
        String(instant.utcText.prefix(16)).replacingOccurrences(of: "T", with: " ")
    }

    /// A number with its noun: `1 edge`, `3 edges`.
    public static func text(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }
}
