import FlowFormats
import Flows
import NetworkTypes
import Testing

/// No input traps, and every line is counted exactly once.
///
/// A trap ends the test process.
@Suite struct HostileInputTests {
    private func check(_ bytes: [UInt8]) -> Bool {
        let decoded = Decoded(bytes, observedAt: Instant(rawValue: .min))
        let summary = decoded.summary
        let counted =
            summary.records + summary.headersAndComments + summary.refusedLines
            + summary.otherStreams.values.reduce(0, +) + (summary.partialLine == nil ? 0 : 1)
        for record in decoded.records { _ = record.json }
        return counted == summary.lines && decoded.outcomes.count == summary.lines
    }

    @Test(arguments: Samples.all.map(\.name))
    func cuttingASampleAtAnyByteIsSafe(name: String) throws {
        let text = try #require(Samples.all.first { $0.name == name }).text
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            #expect(check(Array(bytes[..<end])))
            #expect(check(Array(bytes[end...])))
        }
    }

    @Test(arguments: Samples.all.map(\.name))
    func changingAnyByteOfASampleIsSafe(name: String) throws {
        let text = try #require(Samples.all.first { $0.name == name }).text
        var bytes = Array(text.utf8)
        let values: [UInt8] = [
            0, 9, 10, 13, 32, 34, 35, 45, 46, 48, 57, 58, 61, 91, 92, 93, 101, 123, 125, 127, 128, 255,
        ]
        for index in bytes.indices {
            let former = bytes[index]
            for value in values {
                bytes[index] = value
                if !check(bytes) { Issue.record("byte \(index) = \(value)") }
            }
            bytes[index] = former
        }
    }

    /// 100,000 inputs from a fixed seed: samples cut, spliced, repeated and sprinkled with bytes that mean something.
    @Test func randomMixturesOfSamplesAreSafe() {
        var random = SplitMix(state: 0x5EED)
        let samples = Samples.all.map { Array($0.text.utf8) }
        let words: [[UInt8]] = [
            "{", "}", "[", "]", "\"", "\\u", "\\ud800", ":", ",", "NaN", "-", "1e999", "99999999999999999999",
            "#fields\t",
            "#separator \\x", "#unset_field\t", "src=", "dst=", "sport=", "id=", "[", "\u{FEFF}", "\r\n", "\n", "\t",
            "\0",
        ].map { Array($0.utf8) }
        var records = 0
        for _ in 0..<100_000 {
            var input: [UInt8] = []
            for _ in 0...random.next(3) {
                let sample = samples[random.next(samples.count)]
                let lower = random.next(3) == 0 ? random.next(sample.count) : 0
                let upper = random.next(3) == 0 ? lower + random.next(sample.count - lower) : sample.count
                input += sample[lower..<upper]
                if random.next(2) == 0 { input.append(10) }
            }
            for _ in 0..<random.next(4) where !input.isEmpty {
                let at = random.next(input.count)
                if random.next(2) == 0 {
                    input[at] = UInt8(random.next(256))
                } else {
                    input.insert(contentsOf: words[random.next(words.count)], at: at)
                }
            }
            let decoded = Decoded(input, chunk: 1 + random.next(200))
            records += decoded.summary.records
            if decoded.outcomes.count != decoded.summary.lines { Issue.record("lines lost in \(input)") }
        }
        // The mixtures are not all refused at the door.
        #expect(records > 20_000)
    }
}

/// Vigna's SplitMix64: a fixed seed gives the same inputs everywhere.
private struct SplitMix {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        guard bound > 0 else { return 0 }
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
