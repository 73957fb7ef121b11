import PolicyModel

/// Any text is read, or refused with a place inside it; what was read prints to itself.
func parseSelector(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    do {
        let selector = try Selector(parsing: text)
        let again = try? Selector(parsing: selector.description)
        precondition(again == selector, "what is printed parses to itself")
    } catch {
        precondition(error.offset >= 0 && error.offset <= text.utf8.count, "the place lies in the text")
    }
}
