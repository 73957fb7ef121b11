/// The text of a JSON string whose escapes `JSONScanner` has checked.
enum JSONText {
    /// Resolves the escapes; nil when the bytes are not UTF-8.
    static func unescape(_ view: ByteView) -> String? {
        var out: [UInt8] = []
        var index = view.startIndex
        while index < view.endIndex {
            let byte = view[index]
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                index += 1
                continue
            }
            index += 1
            switch view[index] {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                guard var scalar = codeUnit(view, at: index + 1).map(UInt32.init) else { return nil }
                index += 4
                if scalar >> 10 == 0x36 {
                    guard let low = codeUnit(view, at: index + 3) else { return nil }
                    scalar = 0x1_0000 + (scalar & 0x3FF) << 10 + UInt32(low & 0x3FF)
                    index += 6
                }
                guard let character = Unicode.Scalar(scalar) else { return nil }
                out.append(contentsOf: Character(character).utf8)
            case let other: out.append(other)
            }
            index += 1
        }
        return String(validating: out, as: UTF8.self)
    }

    /// The number of four hexadecimal digits at `start`.
    static func codeUnit(_ view: ByteView, at start: Int) -> UInt16? {
        var value: UInt16 = 0
        for offset in 0..<4 {
            let byte = view[start + offset]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte &- 48
            case 65...70: digit = byte &- 55
            case 97...102: digit = byte &- 87
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
