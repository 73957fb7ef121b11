import NetworkTypes

/// Numbers and times from their text, without a trap at any length.
enum Scan {
    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    /// A decimal number without sign; nil when empty, not digits, or over 2⁶⁴ − 1.
    static func unsigned(_ view: ByteView) -> UInt64? {
        guard !view.isEmpty else { return nil }
        var value: UInt64 = 0
        var index = view.startIndex
        let safe = view.count <= 19  // 10¹⁹ - 1 fits.
        while index < view.endIndex {
            let byte = view[index]
            guard isDigit(byte) else { return nil }
            if safe {
                value = value &* 10 &+ UInt64(byte &- 48)
            } else {
                let (product, over) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(UInt64(byte &- 48))
                guard !over, !carry else { return nil }
                value = sum
            }
            index &+= 1
        }
        return value
    }

    static func integer<Value: FixedWidthInteger & UnsignedInteger>(_ view: ByteView, as: Value.Type) -> Value? {
        unsigned(view).flatMap { Value(exactly: $0) }
    }

    /// Decimal seconds, with or without an exponent, as nanoseconds.
    ///
    /// Digits after the ninth of the fraction are cut off.
    static func nanoseconds(_ view: ByteView) -> Int64? {
        var index = view.startIndex
        let negative = view[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        var mantissa: UInt64 = 0
        var scale = 0  // The value is mantissa × 10^scale.
        var digits = 0
        var afterPoint = false
        while index < view.endIndex {
            let byte = view[index]
            if isDigit(byte) {
                digits += 1
                if mantissa < 1_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + UInt64(byte &- 48)
                    if afterPoint { scale -= 1 }
                } else if !afterPoint {
                    scale += 1
                }
            } else if byte == UInt8(ascii: "."), !afterPoint, digits > 0 {
                afterPoint = true
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        if index < view.endIndex {
            guard view[index] | 0x20 == UInt8(ascii: "e") else { return nil }
            index += 1
            let down = view[index] == UInt8(ascii: "-")
            if down || view[index] == UInt8(ascii: "+") { index += 1 }
            guard view.endIndex - index <= 4, let power = unsigned(view.from(index, to: view.endIndex)) else {
                return nil
            }
            scale += down ? -Int(power) : Int(power)
        }
        guard let value = scaled(mantissa, scale + 9) else { return nil }
        return negative ? -value : value
    }

    private static func scaled(_ mantissa: UInt64, _ power: Int) -> Int64? {
        var value = mantissa
        var power = power
        while power < 0, value > 0 {
            value /= 10
            power += 1
        }
        while power > 0, value > 0 {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            guard !over else { return nil }
            value = product
            power -= 1
        }
        return Int64(exactly: value)
    }

    /// An instant: decimal seconds since the epoch, whole milliseconds when the number is too large for seconds (over
    /// 9.2 × 10⁹, the year 2262), or RFC 3339 in UTC.
    ///
    /// These are the three forms that Zeek writes (`LogAscii::json_timestamps`).
    static func instant(_ view: ByteView) -> Instant? {
        if view.count >= 20, view[view.startIndex + 4] == UInt8(ascii: "-") { return date(view) }
        if let value = nanoseconds(view) { return Instant(rawValue: value) }
        // Too large for seconds: milliseconds, as a whole number.
        guard let milliseconds = integer(view, as: UInt64.self), milliseconds > 100_000_000_000 else { return nil }
        let (product, over) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return over ? nil : Int64(exactly: product).map(Instant.init(rawValue:))
    }

    /// `2020-04-30T00:06:39[.fraction]Z` (RFC 3339 §5.6), without leap seconds.
    private static func date(_ view: ByteView) -> Instant? {
        let start = view.startIndex
        func part(_ offset: Int, _ length: Int) -> Int64? {
            integer(view.from(start + offset, to: start + offset + length), as: UInt32.self).map(Int64.init)
        }
        func has(_ offset: Int, _ text: StaticString) -> Bool {
            view.from(start + offset, to: start + offset + 1).equals(text)
        }
        guard has(4, "-"), has(7, "-"), has(10, "T"), has(13, ":"), has(16, ":"), view[view.endIndex - 1] == 0x5A,
            let year = part(0, 4), let month = part(5, 2), let day = part(8, 2), let hour = part(11, 2),
            let minute = part(14, 2), let second = part(17, 2), (1600...2400).contains(year), (1...12).contains(month),
            (1...daysIn(month, year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var nanos: Int64 = 0
        if view.count > 20 {
            let fraction = view.from(start + 20, to: view.endIndex - 1)
            guard has(19, "."), !fraction.isEmpty, fraction.allSatisfy(isDigit) else { return nil }
            for offset in 0..<9 {
                let digit = view[fraction.startIndex + offset]
                nanos = nanos * 10 + Int64(offset < fraction.count ? digit &- 48 : 0)
            }
        }
        var days: Int64 = day - 1
        for earlier in 1..<12 where earlier < month { days += daysIn(Int64(earlier), year) }
        let before = year - 1
        days += 365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - 477  // 477 leap days to 1969.
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second
        let (whole, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(nanos)
        return over || carry ? nil : Instant(rawValue: sum)
    }

    private static func daysIn(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
