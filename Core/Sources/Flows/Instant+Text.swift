public import NetworkTypes

extension Instant {
    /// Appends `2020-04-30T00:06:39.824370Z` (RFC 3339, UTC); the fraction has no, 3, 6 or 9 digits, as needed.
    public func appendText(to out: inout [UInt8]) {
        let (seconds, nanos) = rawValue.floored(by: 1_000_000_000)
        let (days, second) = seconds.floored(by: 86_400)
        let date = Self.civil(days)
        Self.append(date.year, width: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        Self.append(date.month, width: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        Self.append(date.day, width: 2, to: &out)
        out.append(UInt8(ascii: "T"))
        Self.append(second / 3600, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(second % 60, width: 2, to: &out)
        if nanos != 0 {
            out.append(UInt8(ascii: "."))
            if nanos % 1_000_000 == 0 {
                Self.append(nanos / 1_000_000, width: 3, to: &out)
            } else if nanos % 1_000 == 0 {
                Self.append(nanos / 1_000, width: 6, to: &out)
            } else {
                Self.append(nanos, width: 9, to: &out)
            }
        }
        out.append(UInt8(ascii: "Z"))
    }

    /// The time as `2020-04-30T00:06:39.824370Z`; every instant lies in the years 1677 to 2262.
    public var utcText: String {
        var out: [UInt8] = []
        appendText(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private static func append(_ value: Int64, width: Int, to out: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            out.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// The proleptic Gregorian date of a day number; day 0 is 1970-01-01.
    ///
    /// Counts in 400-year cycles of 146,097 days that begin on 1 March, so that the leap day comes last.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (cycle, dayOfCycle) = (day + 719_468).floored(by: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfCycle + cycle * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }
}

extension Int64 {
    /// Quotient rounded down and the remainder in `0..<divisor`, for a positive divisor.
    fileprivate func floored(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
