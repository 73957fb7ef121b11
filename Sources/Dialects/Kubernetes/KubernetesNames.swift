import PolicyFiles
import PolicyModel

/// The forms of names that the API server checks (Kubernetes, `apimachinery/pkg/util/validation`).
enum KubernetesNames {
    /// Letters, digits, `-`, `_`, `.`, starting and ending with a letter or digit, at most 63 bytes.
    static func isName(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    /// Lower-case labels of letters, digits and `-` joined by dots, at most 253 bytes (RFC 1123 §2.1).
    static func isSubdomain(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            let bytes = Array(part.utf8)
            guard let first = bytes.first, let last = bytes.last else { return false }
            return isLowerOrDigit(first) && isLowerOrDigit(last)
                && bytes.allSatisfy { isLowerOrDigit($0) || $0 == 0x2D }
        }
    }

    /// The key of a label: a name, with a subdomain and a slash before it or not.
    static func isLabelKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0])
        case 2: return isSubdomain(parts[0]) && isName(parts[1])
        default: return false
        }
    }

    /// The value of a label: empty or a name.
    static func isLabelValue(_ text: String) -> Bool { text.isEmpty || isName(text) }

    /// The name of a port: lower-case letters, digits and single `-` inside, a letter among them, at most 15 (RFC 6335 §5.1).
    static func isPortName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...15).contains(bytes.count), bytes.first != 0x2D, bytes.last != 0x2D, !text.contains("--") else {
            return false
        }
        return bytes.allSatisfy { isLowerOrDigit($0) || $0 == 0x2D } && bytes.contains { (97...122).contains($0) }
    }

    /// What an object may be called here: more than the API server takes, but nothing that `ns/name[Kind]` could hide.
    static func isReadable(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || $0 == 0x3A }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || (65...90).contains(byte) }
}

/// How Kubernetes labels become dimensions of Bulkhead's.
enum KubernetesLabels {
    /// The prefix of the labels of pods.
    static let pod = "pod/"
    /// The prefix of the labels of a pod's namespace.
    static let namespace = "ns/"
    /// The label that the API server sets on every namespace, with the namespace's name.
    static let namespaceName = "kubernetes.io/metadata.name"

    /// A label of a pod or a namespace under its prefix.
    static func key(_ prefix: String, _ key: String) -> LabelKey? { LabelKey(prefix + key) }
}
