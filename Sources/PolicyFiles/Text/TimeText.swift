import NetworkTypes

/// Dates and times in their text form, without any calendar service.
enum TimeText {
    /// Reads `YYYY-MM-DD` as the first instant of that day in UTC.
    static func date(_ text: String) throws(TextFault) -> Instant {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, let days = days(bytes), let instant = instant(days: days, seconds: 0, nanoseconds: 0)
        else {
            throw TextFault(.invalidTime, "expected a date such as `2027-01-31`, got `\(text.prefix(60))`")
        }
        return instant
    }

    /// Reads a date and time with its offset from UTC (RFC 3339 §5.6); leap seconds are refused.
    static func instant(_ text: String) throws(TextFault) -> Instant {
        let bytes = Array(text.utf8)
        guard let instant = parse(bytes) else {
            let isDate = bytes.count == 10 && days(bytes) != nil
            throw TextFault(
                .invalidTime,
                "expected a time such as `2027-01-31T18:00:00Z`, got "
                    + (isDate ? "the date `\(text)` alone" : "`\(text.prefix(60))`"))
        }
        return instant
    }

    private static func parse(_ bytes: [UInt8]) -> Instant? {
        guard bytes.count >= 20, let days = days(bytes), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = number(bytes, 11, 2, 0...23), bytes[13] == UInt8(ascii: ":"),
            let minute = number(bytes, 14, 2, 0...59), bytes[16] == UInt8(ascii: ":"),
            let second = number(bytes, 17, 2, 0...59)
        else { return nil }
        var position = 19
        var nanoseconds = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            var digits = 0
            while position < bytes.count, (48...57).contains(bytes[position]) {
                guard digits < 9 else { return nil }
                nanoseconds = nanoseconds * 10 + Int(bytes[position] &- 48)
                digits += 1
                position += 1
            }
            guard digits > 0 else { return nil }
            while digits < 9 {
                nanoseconds *= 10
                digits += 1
            }
        }
        guard let offset = offset(bytes, at: position) else { return nil }
        return instant(days: days, seconds: hour * 3600 + minute * 60 + second - offset, nanoseconds: nanoseconds)
    }

    private static func offset(_ bytes: [UInt8], at position: Int) -> Int? {
        guard position < bytes.count else { return nil }
        let sign = bytes[position]
        if sign | 0x20 == UInt8(ascii: "z") { return bytes.count == position + 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count == position + 6,
            let hours = number(bytes, position + 1, 2, 0...23), bytes[position + 3] == UInt8(ascii: ":"),
            let minutes = number(bytes, position + 4, 2, 0...59)
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// Days since 1970-01-01 in the Gregorian calendar.
    private static func days(_ bytes: [UInt8]) -> Int? {
        guard let year = number(bytes, 0, 4, 0...9999), bytes[4] == UInt8(ascii: "-"),
            let month = number(bytes, 5, 2, 1...12), bytes[7] == UInt8(ascii: "-"),
            let day = number(bytes, 8, 2, 1...31)
        else { return nil }
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[month - 1] else { return nil }
        let before = year - 1
        let yearDays = year == 0 ? -366 : before * 365 + before / 4 - before / 100 + before / 400
        return yearDays - 719_162 + lengths[..<(month - 1)].reduce(0, +) + day - 1
    }

    private static func instant(days: Int, seconds: Int, nanoseconds: Int) -> Instant? {
        let (product, overflow) = Int64(days * 86_400 + seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds))
        return overflow || carry ? nil : Instant(rawValue: sum)
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ length: Int, _ range: ClosedRange<Int>) -> Int? {
        guard bytes.count >= start + length else { return nil }
        var value = 0
        for byte in bytes[start..<start + length] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte &- 48)
        }
        return range.contains(value) ? value : nil
    }
}
