import NetworkTypes

/// Addresses, prefixes and ranges in their text form, with faults that say what to write instead.
enum AddressText {
    /// Reads `address`, `address/length` or `lower-upper`.
    static func range(_ text: String) throws(TextFault) -> AddressRange {
        if let range = AddressRange(text) { return range }
        if let slash = text.firstIndex(of: "/") {
            throw prefixFault(text, text[..<slash], text[text.index(after: slash)...])
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2, let lower = IPAddress(ends[0]), let upper = IPAddress(ends[1]) {
            if lower.family != upper.family {
                throw TextFault(.invalidAddress, "expected both ends of one address family, got `\(text)`")
            }
            throw TextFault(.reversedRange, "expected the lower address first, `\(upper)-\(lower)`, got `\(text)`")
        }
        throw fault(text, expected: "an address, a prefix or a range `lower-upper`")
    }

    /// Reads `address/length`, or an address as a prefix of one.
    static func prefix(_ text: String) throws(TextFault) -> Prefix {
        if let prefix = Prefix(text) { return prefix }
        if let slash = text.firstIndex(of: "/") {
            throw prefixFault(text, text[..<slash], text[text.index(after: slash)...])
        }
        throw fault(text, expected: "a prefix such as `10.0.1.0/24`")
    }

    /// Reads one address.
    static func address(_ text: String) throws(TextFault) -> IPAddress {
        guard let address = IPAddress(text) else { throw fault(text, expected: "an address") }
        return address
    }

    /// Whether the text is meant as an address rather than as a name: names hold no `:` or `/` and start with a letter.
    static func looksLikeAddress(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        return (48...57).contains(first) || text.contains { $0 == ":" || $0 == "/" }
    }

    private static func prefixFault(
        _ text: String, _ head: Substring, _ tail: Substring
    ) -> TextFault {
        guard let address = IPAddress(head) else { return fault(text, expected: "a prefix such as `10.0.1.0/24`") }
        // The length of an IPv4-mapped address counts the 96 bits before it: RFC 4291 §2.5.5.2.
        let isMapped = address.family == .ipv4 && head.contains(":")
        let isDecimal = (1...3).contains(tail.utf8.count) && tail.utf8.allSatisfy { (48...57).contains($0) }
        guard isDecimal, let length = Int(tail), let prefix = Prefix(address, length: isMapped ? length - 96 : length)
        else {
            return TextFault(
                .invalidAddress,
                "expected a prefix length from 0 to \(address.family.width), got `\(tail.prefix(20))` in `\(text.prefix(60))`"
            )
        }
        return TextFault(
            .hostBits,
            "expected `\(prefix)`, the prefix that holds the address, got `\(text)` with bits after the length")
    }

    private static func fault(_ text: String, expected: String) -> TextFault {
        let isHexadecimal = text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." || $0 == "/" || $0 == "-" }
        let isName = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
        if isName, !isHexadecimal {
            return TextFault(
                .hostName, "expected \(expected), got `\(text.prefix(60))`; host names are not accepted for addresses")
        }
        let zero = text.split(separator: ".").contains { $0.count > 1 && $0.first == "0" }
        return TextFault(
            .invalidAddress,
            "expected \(expected), got `\(text.prefix(60))`" + (zero ? ", a number with a leading zero" : ""))
    }
}
