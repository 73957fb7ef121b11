/// Text of users inside the quotes of an nft file.
///
/// nft knows no escape in a quoted string, so everything outside a small alphabet is written as `%` and two
/// hexadecimal digits for each byte; the per cent sign too, so that different texts stay different.
enum CommentText {
    /// The length that nft takes: `NFTNL_UDATA_COMMENT_MAXLEN` is 128 with the final zero (libnftnl/udata.h), and a log
    /// prefix has `NF_LOG_PREFIXLEN`, 128 with the final zero (linux/netfilter/nf_log.h).
    static let limit = 120

    /// The escaped text; where that is too long, its beginning, `~` and the hash of the whole.
    static func escaped(_ text: String) -> String {
        if text.utf8.count <= limit, text.utf8.allSatisfy(isPlain) { return text }
        var result = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        guard result.utf8.count > limit else { return result }
        return "\(result.prefix(limit - 17))~\(ContentHash(text).digits)"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: ":"),
            UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: ","):
            true
        default: false
        }
    }
}
