/// Swift source with comments and the text of string literals blanked out; lines and columns stay where they were.
///
/// Code inside an interpolation stays, since it runs like any other.
struct SwiftCode {
    private var input: [Unicode.Scalar]
    private var output: [Unicode.Scalar] = []
    private var place = 0

    /// The code that is left of `text`.
    static func only(in text: String) -> String {
        var scanner = SwiftCode(input: Array(text.unicodeScalars))
        scanner.code(untilParenthesis: false)
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scanner.output)
        return String(result)
    }

    private init(input: [Unicode.Scalar]) { self.input = input }

    private func starts(_ text: String) -> Bool { input[place...].starts(with: text.unicodeScalars) }

    private mutating func keep() {
        output.append(input[place])
        place += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < input.count {
            output.append(input[place] == "\n" ? "\n" : " ")
            place += 1
        }
    }

    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while place < input.count {
            if starts("//") {
                while place < input.count, input[place] != "\n" { blank() }
            } else if starts("/*") {
                blockComment()
            } else if input[place] == "\"" {
                string(hashes: 0)
            } else if input[place] == "#", let hashes = rawStringHashes() {
                blank(hashes)
                string(hashes: hashes)
            } else {
                if input[place] == "(" { depth += 1 }
                if input[place] == ")" {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                keep()
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && place < input.count
    }

    private func rawStringHashes() -> Int? {
        var end = place
        while end < input.count, input[end] == "#" { end += 1 }
        return end < input.count && input[end] == "\"" ? end - place : nil
    }

    private mutating func string(hashes: Int) {
        let marks = starts("\"\"\"") ? "\"\"\"" : "\""
        let pad = String(repeating: "#", count: hashes)
        blank(marks.count)
        while place < input.count {
            if starts(marks + pad) {
                blank(marks.count + hashes)
                return
            }
            if starts("\\" + pad + "(") {
                blank(hashes + 2)
                code(untilParenthesis: true)
                blank()
            } else if starts("\\" + pad) {
                blank(hashes + 2)
            } else {
                blank()
            }
        }
    }
}
