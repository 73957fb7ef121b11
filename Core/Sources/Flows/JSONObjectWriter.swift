/// Writes the members of one JSON object (RFC 8259) in the order of the calls.
struct JSONObjectWriter {
    private var first = true

    init(_ out: inout [UInt8]) { out.append(UInt8(ascii: "{")) }

    mutating func member(_ key: StaticString, _ text: String, to out: inout [UInt8]) {
        begin(key, &out)
        Self.appendString(text, to: &out)
    }

    mutating func member(_ key: StaticString, _ number: some UnsignedInteger, to out: inout [UInt8]) {
        begin(key, &out)
        out.append(contentsOf: String(number).utf8)
    }

    func close(_ out: inout [UInt8]) { out.append(UInt8(ascii: "}")) }

    private mutating func begin(_ key: StaticString, _ out: inout [UInt8]) {
        if !first { out.append(UInt8(ascii: ",")) }
        first = false
        out.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
    }

    /// Escapes what RFC 8259 §7 requires, and DEL, so that a terminal sees no control character.
    static func appendString(_ text: String, to out: inout [UInt8]) {
        let hex = StaticString("0123456789abcdef")
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0..<0x20, 0x7F:
                out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
                hex.withUTF8Buffer { digits in
                    out.append(digits[Int(byte >> 4)])
                    out.append(digits[Int(byte & 15)])
                }
            default:
                out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
