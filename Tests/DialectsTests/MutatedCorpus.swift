import Foundation
import PolicyFiles

/// Files of a corpus with seeded damage: what a fuzzer does, in the time of a test.
struct MutatedCorpus {
    /// The names and bytes of the files, in order.
    let files: [PolicySource]

    /// The corpus of a reader, which libFuzzer starts from too (`scripts/fuzz`).
    init(_ name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).appending(path: "../../../Fuzz/Corpus/\(name)").standardized
        files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { PolicySource(name: $0, bytes: Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }

    /// How often a test damages the corpus; `BULKHEAD_DAMAGE` asks for more.
    static let rounds = ProcessInfo.processInfo.environment["BULKHEAD_DAMAGE"].flatMap { Int($0) } ?? 400

    /// The damaged file of a round: bytes changed, cut, doubled, or replaced by words that mean something.
    func file(_ round: Int, words: [String]) -> PolicySource {
        var random = SplitMix(state: UInt64(truncatingIfNeeded: round) &* 0x9E37_79B9_7F4A_7C15)
        var bytes = files[random.below(files.count)].bytes
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let at = random.below(bytes.count)
            let length = min(random.below(20), bytes.count - at)
            switch random.below(5) {
            case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.removeSubrange(at..<(at + length))
            case 2: bytes.insert(contentsOf: bytes[at..<(at + length)], at: random.below(bytes.count))
            case 3: bytes.insert(contentsOf: words[random.below(words.count)].utf8, at: at)
            default: bytes.replaceSubrange(at..<(at + length), with: words[random.below(words.count)].utf8)
            }
        }
        return PolicySource(name: "round \(round)", bytes: bytes)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine.
    struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
    }
}
