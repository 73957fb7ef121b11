import Foundation

/// Reads lines from a file, a bounded piece at a time.
struct LineReader {
    /// The longest line that is read; a longer one is reported and skipped, in constant memory.
    static let maximumLine = 1 << 20

    /// What stands on a line.
    enum Line {
        case bytes(ArraySlice<UInt8>)
        case tooLong
    }

    private let file: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    init(_ file: FileHandle) { self.file = file }

    /// The next line without its end, or nil at the end of the file.
    mutating func next() throws -> Line? {
        var searched = start
        var isTooLong = false
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                let line = buffer[start..<end]
                start = end + 1
                return isTooLong || line.count > Self.maximumLine ? .tooLong : .bytes(Self.trimmed(line))
            }
            if isAtEnd {
                let line = buffer[start...]
                start = buffer.count
                if isTooLong { return .tooLong }
                return line.isEmpty ? nil : .bytes(Self.trimmed(line))
            }
            if buffer.count - start > Self.maximumLine {
                isTooLong = true
                start = buffer.count
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            let piece = try read()
            if piece.isEmpty { isAtEnd = true } else { buffer.append(contentsOf: piece) }
        }
    }

    private func read() throws -> Data {
        do {
            return try file.read(upToCount: 262_144) ?? Data()
        } catch {
            throw CommandError("cannot read the flows: \((error as NSError).localizedFailureReason ?? "\(error)")")
        }
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.last == 0x0D ? line.dropLast() : line
    }
}
