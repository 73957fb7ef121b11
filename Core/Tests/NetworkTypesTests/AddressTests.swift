import NetworkTypes
import Testing

@Suite struct AddressTests {
    @Test func aMappedAddressIsTheIPv4AddressHoweverItIsMade() throws {
        let plain = try #require(IPAddress("192.0.2.1"))
        #expect(plain.family == .ipv4)
        #expect(IPAddress("::ffff:192.0.2.1") == plain)
        #expect(IPAddress(ipv6: 0xFFFF_C000_0201) == plain)
        #expect(IPAddress(.ipv6, bits: 0xFFFF_C000_0201) == plain)
        #expect(IPAddress(ipv4: 0xC000_0201) == plain)
        // One bit beside the mapped block stays IPv6.
        #expect(IPAddress(ipv6: 0xFFFE_C000_0201).family == .ipv6)
        #expect(IPAddress(ipv6: 0x1_FFFF_C000_0201).family == .ipv6)
    }

    @Test func bitsMustFitTheFamily() {
        #expect(IPAddress(.ipv4, bits: 0xFFFF_FFFF)?.description == "255.255.255.255")
        #expect(IPAddress(.ipv4, bits: 0x1_0000_0000) == nil)
        #expect(IPAddress(.ipv6, bits: .max)?.description == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    }

    @Test(arguments: [
        ("0.0.0.0", "0.0.0.1"), ("10.0.255.255", "10.1.0.0"), ("::", "::1"), ("::ffff", "::1:0"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"), ("::1:0:0:ffff", "::1:0:1:0"),
    ])
    func theSuccessorIsTheNextAddress(_ row: (String, String)) throws {
        #expect(try #require(IPAddress(row.0)).successor == IPAddress(row.1))
    }

    @Test(arguments: ["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
    func theLastAddressHasNoSuccessor(_ text: String) throws { #expect(try #require(IPAddress(text)).successor == nil) }

    @Test func addressesOrderByFamilyThenNumber() throws {
        let texts = ["0.0.0.0", "9.255.255.255", "10.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::", "ff02::1"]
        let addresses = try texts.map { try #require(IPAddress($0)) }
        #expect(addresses.reversed().sorted() == addresses)
    }

    /// RFC 1122 §3.2.1.3, RFC 4291 §2.5.3, RFC 5771, RFC 4291 §2.7.
    @Test(arguments: [
        ("127.0.0.1", true, false), ("127.255.255.255", true, false), ("126.255.255.255", false, false),
        ("128.0.0.0", false, false), ("::1", true, false), ("::2", false, false), ("::", false, false),
        ("224.0.0.0", false, true), ("239.255.255.255", false, true), ("223.255.255.255", false, false),
        ("240.0.0.0", false, false), ("ff02::1", false, true), ("feff::", false, false), ("0.0.0.1", false, false),
    ])
    func loopbackAndMulticastHaveTheirBorders(_ row: (text: String, loopback: Bool, multicast: Bool)) throws {
        let address = try #require(IPAddress(row.text))
        #expect(address.isLoopback == row.loopback)
        #expect(address.isMulticast == row.multicast)
    }

    @Test func aTupleReversedTwiceIsItself() throws {
        let tuple = FiveTuple(
            proto: .tcp, source: try #require(IPAddress("10.0.0.1")), sourcePort: 40_000,
            destination: try #require(IPAddress("10.0.0.2")), destinationPort: 443)
        #expect(tuple.reversed.source == tuple.destination && tuple.reversed.sourcePort == 443)
        #expect(tuple.reversed.destination == tuple.source && tuple.reversed.destinationPort == 40_000)
        #expect(tuple.reversed.proto == .tcp)
        #expect(tuple.reversed != tuple && tuple.reversed.reversed == tuple)
    }

    /// IANA "Assigned Internet Protocol Numbers".
    @Test(arguments: [
        ("icmp", 1), ("igmp", 2), ("tcp", 6), ("udp", 17), ("dccp", 33), ("gre", 47), ("esp", 50), ("ah", 51),
        ("icmpv6", 58), ("sctp", 132), ("udplite", 136), ("0", 0), ("89", 89), ("255", 255),
    ])
    func protocolsHaveTheirAssignedNumbers(_ row: (text: String, number: UInt8)) throws {
        let proto = try #require(IPProtocol(row.text))
        #expect(proto.rawValue == row.number)
        #expect(proto.description == row.text)
    }

    @Test func everyProtocolPrintsAsItParses() {
        for number in UInt8.min...UInt8.max {
            let proto = IPProtocol(rawValue: number)
            #expect(IPProtocol(proto.description) == proto)
            #expect(IPProtocol("\(number)") == proto)
            #expect(proto.hasPorts == [6, 17, 33, 132, 136].contains(number))
            #expect(proto.isICMP == [1, 58].contains(number))
        }
    }

    @Test(arguments: ["", "TCP", "tcp ", "256", "-1", "+6", "06", "6.0", "any"])
    func anUnknownProtocolIsRefused(_ text: String) { #expect(IPProtocol(text) == nil) }
}
