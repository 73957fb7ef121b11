extension CommandContext {
    /// Prints a sentence, on as many lines as the terminal needs for it.
    func printFitted(_ sentence: String) throws {
        guard let width else { return try print(sentence) }
        for line in Table.wrap(sentence, to: width) { try print(line) }
    }
}
