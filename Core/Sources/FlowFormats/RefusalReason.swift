/// Why a line was refused; the raw value is the name under which reports count it.
public enum RefusalReason: String, Sendable, Hashable, CaseIterable, Error {
    /// The line is longer than 1 MiB.
    case lineTooLong = "line-too-long"
    /// No reader recognises the line.
    case unknownFormat = "unknown-format"
    /// The line is not one JSON object (RFC 8259); `NaN` and infinities are not JSON.
    case badJSON = "bad-json"
    /// JSON arrays and objects are nested deeper than 64.
    case tooDeep = "too-deep"
    /// A field that is read occurs twice, so its value is not certain.
    case duplicateKey = "duplicate-key"
    /// A key is written with escapes; no writer does that, but it can hide a duplicate.
    case escapedKey = "escaped-key"
    /// A JSON string holds half of a surrogate pair.
    case loneSurrogate = "lone-surrogate"
    /// A text that is kept is not UTF-8, or longer than 256 bytes.
    case badText = "bad-text"
    /// A field that every record needs is absent.
    case missingField = "missing-field"
    /// A field holds a JSON value of another kind than its meaning asks for.
    case wrongType = "wrong-type"
    /// An address is neither IPv4 nor IPv6.
    case badAddress = "bad-address"
    /// The two ends are of different families.
    case mixedFamilies = "mixed-families"
    /// A port is not a number from 0 to 65535.
    case badPort = "bad-port"
    /// An ICMP type or code is not a number from 0 to 255.
    case badICMP = "bad-icmp"
    /// A protocol is not known by that name or number.
    case badProtocol = "bad-protocol"
    /// A counter is not a number from 0 to 2⁶⁴ − 1.
    case badNumber = "bad-number"
    /// A time or duration is not a number or date, is negative where it cannot be, or lies outside 1677 to 2262.
    case badTime = "bad-time"
    /// A word that has a fixed list of values has another one.
    case badWord = "bad-word"
    /// A header of a Zeek TSV log or a VPC flow log cannot be understood.
    case badHeader = "bad-header"
    /// A line of Zeek TSV, or of a VPC flow log in a custom format, has no valid header before it.
    case noHeader = "no-header"
    /// A line of Zeek TSV or of a VPC flow log has more or fewer fields than its header.
    case wrongFieldCount = "wrong-field-count"
}
