import NetworkTypes
import Testing

@Suite struct PrefixTests {
    /// RFC 4291 §2.3 and RFC 4632 §3.1, then the edges.
    @Test(arguments: [
        ("2001:0DB8:0000:CD30:0000:0000:0000:0000/60", "2001:db8:0:cd30::/60"),
        ("2001:0DB8::CD30:0:0:0:0/60", "2001:db8:0:cd30::/60"),
        ("2001:0DB8:0:CD30::/60", "2001:db8:0:cd30::/60"),
        ("172.16.0.0/12", "172.16.0.0/12"), ("10.23.64.0/20", "10.23.64.0/20"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("10.0.0.1", "10.0.0.1/32"), ("10.0.0.1/32", "10.0.0.1/32"),
        ("::1", "::1/128"), ("::1/128", "::1/128"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
    ])
    func aPrefixPrintsInItsCanonicalForm(_ row: (text: String, printed: String)) throws {
        let prefix = try #require(Prefix(row.text))
        #expect(prefix.description == row.printed)
        #expect(Prefix(row.printed) == prefix)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.0/ 8",
        "10.0.0.1/8", "10.0.0.0/255.0.0.0", "10.0.0.0/08", "10.0.0.0/008", "::/00", "10.0.0.0/٨", "10/8", "10.0.0/24",
        "2001:0DB8:0:CD3/60", "2001:db8::1/64", "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/129",
        "10.0.0.0/99999999999999999999",
    ])
    func badTextIsRefused(_ text: String) { #expect(Prefix(text) == nil) }

    @Test func lengthsOutsideTheFamilyAreRefused() throws {
        let four = try #require(IPAddress("10.1.2.3"))
        let six = try #require(IPAddress("2001:db8::1"))
        for length in [-1, 33, Int.max, Int.min] { #expect(Prefix(four, length: length) == nil) }
        for length in [-1, 129, Int.max, Int.min] { #expect(Prefix(six, length: length) == nil) }
    }

    @Test func aPrefixHoldsExactlyTheAddressesThatShareItsBits() {
        var random = Randomness(seed: 4632)
        for family in AddressFamily.allCases {
            for _ in 0..<4_000 {
                let length = Int.random(in: 0...family.width, using: &random)
                let bits = UInt128.random(in: 0...family.highest, using: &random)
                // Flip one bit: the address stays inside exactly when the bit lies after the prefix.
                let bit = Int.random(in: 0..<family.width, using: &random)
                guard let address = IPAddress(family, bits: bits), let prefix = Prefix(address, length: length),
                    let other = IPAddress(family, bits: bits ^ (UInt128(1) << UInt128(bit)))
                else { continue }
                #expect(prefix.contains(address))
                #expect(prefix.contains(other) == (family.width - bit > length))
                #expect(prefix.range.contains(other) == prefix.contains(other))
                #expect(prefix.range.lower == prefix.address)
                #expect(Prefix(prefix.description) == prefix)
            }
        }
    }

    @Test func aPrefixHoldsNoAddressOfTheOtherFamily() throws {
        let all = Prefix.all(.ipv6)
        #expect(!all.contains(try #require(IPAddress("10.0.0.1"))))
        #expect(!Prefix.all(.ipv4).contains(try #require(IPAddress("::a00:1"))))
        #expect(all.description == "::/0" && Prefix.all(.ipv4).description == "0.0.0.0/0")
    }

    @Test func shorterPrefixesSortFirst() throws {
        let texts = [
            "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32", "10.0.0.1/32", "::/0", "::/128", "::1/128",
        ]
        let prefixes = try texts.map { try #require(Prefix($0)) }
        #expect(prefixes.reversed().sorted() == prefixes)
    }
}
