/// Gives objects names that the API server takes (RFC 1123 labels), each once in its space.
struct KubernetesNamer {
    private var taken: Set<String> = []

    /// A name near `text`: lower-case letters, digits and `-`, at most 63.
    mutating func name(_ text: String, in space: String = "") -> String {
        var result = ""
        for byte in text.lowercased().utf8 {
            let isPlain = (97...122).contains(byte) || (48...57).contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else if result.last != "-", !result.isEmpty {
                result.append("-")
            }
        }
        result = String(result.prefix(56))
        while result.last == "-" { result.removeLast() }
        if result.isEmpty { result = "policy" }
        let base = result
        var number = 1
        while !taken.insert("\(space)/\(result)").inserted {
            number += 1
            result = "\(base)-\(number)"
        }
        return result
    }
}
