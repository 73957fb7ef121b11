/// One policy file: its name as the user gave it, and its bytes.
public struct PolicySource: Hashable, Sendable {
    /// What findings call the file.
    public var name: String
    /// The content.
    public var bytes: [UInt8]

    /// Makes a source.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// Makes a source from text.
    public init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }
}
