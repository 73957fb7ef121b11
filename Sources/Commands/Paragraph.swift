extension CommandContext {
    /// Prints text from a column on, wrapped to the terminal's width; lines after the first stand two columns further in.
    ///
    /// - Parameters:
    ///   - text: What is said, without line breaks.
    ///   - indent: The columns left free before the first line.
    ///   - painting: The words that get the colour where they stand first; nil paints everything.
    ///   - colour: The colour, or nil for none.
    func say(_ text: String, indent: Int = 0, painting words: String? = nil, _ colour: Colour? = nil) throws {
        let room = width.map { max(20, $0 - indent - 2) }
        var wanted = words
        let lines = room.map { Table.wrap(text, to: $0) } ?? [text]
        for (number, line) in lines.enumerated() {
            var painted = line
            if let colour {
                if words == nil || words == text {
                    painted = paint(line, colour)
                } else if let word = wanted, let place = line.firstRange(of: word) {
                    painted.replaceSubrange(place, with: paint(word, colour))
                    wanted = nil
                }
            }
            try print(String(repeating: " ", count: indent + (number == 0 ? 0 : 2)) + painted)
        }
    }
}
