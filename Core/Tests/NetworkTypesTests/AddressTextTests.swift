import Foundation
import NetworkTypes
import Testing

@Suite struct AddressTextTests {
    /// Texts of one address and its canonical form, from RFC 5952 and RFC 4291; the comment names the section.
    static let canonical: [(text: String, printed: String)] = [
        // RFC 5952 §1
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:db8:0000:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
        // RFC 5952 §2.1
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:01", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
        // RFC 5952 §2.2
        ("2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"),
        ("2001:db8:0:0:0::1", "2001:db8::1"),
        ("2001:db8:0::1", "2001:db8::1"),
        ("2001:db8:0:0:aaaa::1", "2001:db8::aaaa:0:0:1"),
        // RFC 5952 §2.3 and §4.3
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:AaAa", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"),
        // RFC 5952 §4.1, §4.2.1, §4.2.2, §4.2.3
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        // RFC 4291 §2.2
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
        // A mapped address is the IPv4 address: RFC 4291 §2.5.5.2, in both of its spellings.
        ("::FFFF:129.144.52.38", "129.144.52.38"),
        ("0:0:0:0:0:ffff:8190:3426", "129.144.52.38"),
        // Zeros at either end.
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("fe80::", "fe80::"),
        ("192.0.2.1", "192.0.2.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
    ]

    @Test(arguments: canonical) func everyFormPrintsAsTheCanonicalOne(_ row: (text: String, printed: String)) throws {
        let address = try #require(IPAddress(row.text))
        #expect(address.description == row.printed)
        #expect(IPAddress(row.printed) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:", ":1", "1:2", "1:::2", "1::2::3", "12345::", "g::", "::1 ", " ::1", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7:8",
        "fe80::1%eth0", "[::1]", "::1/128", "::1.2.3", "::1.2.3.4:5", "::1.2.3.4.5", "1:2:3:4:5:6:7:1.2.3.4",
        "::01.2.3.4", "::256.1.1.1", "1.2.3.4::", "1", "1.2", "1.2.3", "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.256",
        "01.2.3.4", "1.2.3.04", "1.2.3.0x4", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4/32", "0x1.2.3.4",
        "4294967296", "1.2.3.4\0", "１.2.3.4", "1.2.3.٤", "::ｆ", "00000::", "0000:0000:0000:0000:0000:0000:0000:00000",
        String(repeating: "1:", count: 40), String(repeating: "9", count: 400),
    ])
    func badTextIsRefused(_ text: String) { #expect(IPAddress(text) == nil) }

    /// The platform's own reader, an answer from outside.
    private func platformReads(_ text: String) -> IPAddress? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return IPAddress(ipv4: UInt32(bigEndian: four.s_addr)) }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        return IPAddress(ipv6: withUnsafeBytes(of: &six) { $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } })
    }

    @Test func thePlatformReadsTheSameTexts() {
        var random = Randomness(seed: 5952)
        let alphabet = Array("0123456789abcfF:.")
        var accepted = 0
        for _ in 0..<40_000 {
            var text = Array((Self.canonical.randomElement(using: &random) ?? ("", "")).text)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<max(1, text.count), using: &random)
                let letter = alphabet.randomElement(using: &random) ?? ":"
                switch Int.random(in: 0..<3, using: &random) {
                case 0 where !text.isEmpty: text[place] = letter
                case 1 where !text.isEmpty: text.remove(at: place)
                default: text.insert(letter, at: place)
                }
            }
            let sample = String(text)
            let expected = platformReads(sample)
            if expected != nil { accepted += 1 }
            #expect(IPAddress(sample) == expected, "`\(sample)`")
        }
        #expect(accepted > 4_000 && accepted < 36_000, "both outcomes are well represented, got \(accepted)")
    }

    @Test func printedAddressesParseToThemselves() {
        var random = Randomness(seed: 4291)
        for _ in 0..<20_000 {
            // Groups are often zero, so that runs of every length and place are compressed.
            let bits = (0..<8).reduce(UInt128(0)) { bits, _ in
                bits << 16 | (Bool.random(using: &random) ? 0 : UInt128(UInt16.random(in: 0 ... .max, using: &random)))
            }
            for address in [IPAddress(ipv6: bits), IPAddress(ipv4: UInt32(truncatingIfNeeded: bits))] {
                #expect(IPAddress(address.description) == address)
                #expect(platformReads(address.description) == address)
            }
        }
    }

    @Test func bytesAndTextAreReadAlike() {
        for row in Self.canonical { #expect(IPAddress(utf8: Array(row.text.utf8)) == IPAddress(row.text)) }
        #expect(IPAddress(utf8: Array("x10.0.0.1y".utf8)[1..<9]) == IPAddress("10.0.0.1"), "a slice keeps its indices")
        #expect(IPAddress(utf8: [0xFF, 0xFE]) == nil)
    }
}
