/// Text from outside as it may be shown on a terminal.
enum TerminalText {
    /// The text in one line that no terminal takes for a command, whatever names and input it quotes.
    ///
    /// Line breaks and tabs become spaces; other control characters (C0 and C1, ECMA-48 §5.2 and §5.3) and format
    /// characters, such as those that turn the direction of writing, become U+FFFD.
    static func line(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let category = scalar.properties.generalCategory
            let isSpace = scalar == "\n" || scalar == "\t" || scalar == "\r"
            line.append(isSpace ? " " : category == .control || category == .format ? "\u{FFFD}" : scalar)
        }
        return String(line)
    }
}
