/// The few colours that output uses (ECMA-48 §8.3.117, select graphic rendition).
enum Colour: String {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case bold = "1"
    case faint = "2"
}

extension CommandContext {
    /// The text in a colour where colours are welcome, else as it is.
    func paint(_ text: String, _ colour: Colour) -> String {
        usesColours ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}
