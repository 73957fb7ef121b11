import NetworkTypes
import Testing

@Suite struct AddressSetTests {
    private func set(_ texts: String...) throws -> AddressSet { AddressSet(try texts.map { try #require(Prefix($0)) }) }

    @Test func familiesNeverMix() throws {
        let four = try set("0.0.0.0/0")
        let six = try set("::/0")
        #expect(four.intersection(six).isEmpty)
        #expect(four.union(six) == .all)
        #expect(AddressSet.all.subtracting(six) == four)
        #expect(!six.contains(try #require(IPAddress("10.0.0.1"))))
        #expect(four.contains(try #require(IPAddress("::ffff:10.0.0.1"))), "a mapped address is the IPv4 address")
    }

    @Test func halvesJoinAndHolesSplit() throws {
        #expect(try set("10.0.0.128/25", "10.0.0.0/25") == (try set("10.0.0.0/24")))
        let holed = try set("10.0.0.0/30").subtracting(set("10.0.0.1"))
        #expect(holed.prefixes.map(\.description) == ["10.0.0.0/32", "10.0.0.2/31"])
        #expect(holed.ranges.map(\.description) == ["10.0.0.0", "10.0.0.2/31"])
    }

    @Test func prefixesCoverExactlyTheMembers() throws {
        var random = Randomness(seed: 7)
        for family in AddressFamily.allCases {
            for _ in 0..<500 {
                let parts = try (0..<3).map { _ -> AddressRange in
                    let ends = [UInt128.random(in: 0...99, using: &random), .random(in: 0...99, using: &random)]
                        .sorted()
                    let lower = try #require(IPAddress(family, bits: ends[0]))
                    let upper = try #require(IPAddress(family, bits: ends[1]))
                    return try #require(AddressRange(lower, upper))
                }
                let set = AddressSet(parts)
                #expect(AddressSet(set.prefixes) == set)
                #expect(AddressSet(set.ranges) == set)
                for bits in UInt128(0)...100 {
                    let address = try #require(IPAddress(family, bits: bits))
                    #expect(set.contains(address) == parts.contains { $0.contains(address) })
                    #expect(set.contains(address) == set.prefixes.contains { $0.contains(address) })
                }
            }
        }
    }
}
