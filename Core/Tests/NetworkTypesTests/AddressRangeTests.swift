import NetworkTypes
import Testing

@Suite struct AddressRangeTests {
    /// Known covers, worked out by hand.
    static let covers: [(range: String, prefixes: [String])] = [
        ("10.0.0.0-10.0.0.255", ["10.0.0.0/24"]),
        ("10.0.0.1-10.0.0.6", ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]),
        ("0.0.0.0-255.255.255.255", ["0.0.0.0/0"]),
        ("255.255.255.255-255.255.255.255", ["255.255.255.255/32"]),
        ("255.255.255.254-255.255.255.255", ["255.255.255.254/31"]),
        ("192.168.1.255-192.168.2.0", ["192.168.1.255/32", "192.168.2.0/32"]),
        ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["::/0"]),
        ("::1-::3", ["::1/128", "::2/127"]),
        ("8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["8000::/1"]),
    ]

    @Test(arguments: covers) func aRangeIsCoveredByTheFewestPrefixes(_ row: (range: String, prefixes: [String])) throws
    {
        #expect(try #require(AddressRange(row.range)).prefixes.map(\.description) == row.prefixes)
    }

    /// Every range of a block of 64, in both families, at the low and the high end of the address space.
    @Test(arguments: AddressFamily.allCases, [true, false])
    func coversAreExactOrderedAndMinimal(_ family: AddressFamily, _ high: Bool) throws {
        let base = high ? family.highest - 63 : 0
        for low in UInt128(0)..<64 {
            for up in low..<64 {
                let lower = try #require(IPAddress(family, bits: base + low))
                let upper = try #require(IPAddress(family, bits: base + up))
                let prefixes = try #require(AddressRange(lower, upper)).prefixes
                var next: UInt128? = lower.bits
                for prefix in prefixes {
                    #expect(prefix.range.lower.bits == next, "no gap and no overlap")
                    next = prefix.range.upper.successor?.bits
                }
                #expect(prefixes.last?.range.upper == upper)
                for (a, b) in zip(prefixes, prefixes.dropFirst()) where a.length == b.length {
                    #expect(
                        Prefix(a.address, length: a.length - 1)?.contains(b.address) == false, "two halves of one block"
                    )
                }
            }
        }
    }

    /// All but the first and the last address is the worst case: 2 × width − 2 prefixes.
    @Test(arguments: AddressFamily.allCases) func theWorstCoverHasItsKnownSize(_ family: AddressFamily) throws {
        let lower = try #require(IPAddress(family, bits: 1))
        let upper = try #require(IPAddress(family, bits: family.highest - 1))
        #expect(try #require(AddressRange(lower, upper)).prefixes.count == 2 * family.width - 2)
    }

    @Test(arguments: [
        ("10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"), ("10.0.0.0-10.0.0.255", "10.0.0.0/24"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("10.0.0.1", "10.0.0.1"), ("10.0.0.1-10.0.0.1", "10.0.0.1"), ("::1-::2", "::1-::2"), ("::/64", "::/64"),
    ])
    func printedRangesParseToThemselves(_ row: (text: String, printed: String)) throws {
        let range = try #require(AddressRange(row.text))
        #expect(range.description == row.printed)
        #expect(AddressRange(row.printed) == range)
    }

    @Test(arguments: [
        "", "-", "10.0.0.2-10.0.0.1", "10.0.0.1-", "-10.0.0.1", "10.0.0.1-::1", "::1-10.0.0.1",
        "1.1.1.1-1.1.1.2-1.1.1.3",
        "10.0.0.0/24-10.0.1.0/24", "10.0.0.1 - 10.0.0.2", "10.0.0.1-2", "a-b",
    ])
    func badTextIsRefused(_ text: String) { #expect(AddressRange(text) == nil) }

    @Test func bothEndsBelongToTheRange() throws {
        let range = try #require(AddressRange("10.0.0.2-10.0.0.4"))
        let inside = try (1...5).map { range.contains(try #require(IPAddress("10.0.0.\($0)"))) }
        #expect(inside == [false, true, true, true, false])
        #expect(!range.contains(try #require(IPAddress("::a00:3"))))
    }
}
