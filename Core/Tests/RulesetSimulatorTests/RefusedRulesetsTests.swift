import RulesetSimulator
import Testing

/// What nft 1.0.6 on kernel 6.18 refuses is an error, and so is what this reader does not know.
///
/// Every line was tried on nft: it refuses all but the three that say that this reader does not know them, and takes
/// all of `isAccepted`.
@Suite struct RefusedRulesetsTests {
    private static let base = "chain i { type filter hook input priority 0; policy accept;\n"

    static let refused: [(name: String, reason: String, body: String)] = [
        ("a jump to a chain that is not there", "undefined chain `b`", "chain a { jump b; }"),
        (
            "a map that leads to a chain that is not there", "undefined chain `b`",
            "map m { type inet_service : verdict; elements = { 1 : jump b }; }"
        ),
        ("a set that is not there", "undefined set `b`", "chain a { ip saddr @b accept; }"),
        ("a map that is not there", "undefined set `b`", "chain a { tcp dport vmap @b; }"),
        ("a counter that is not there", "undefined counter `b`", "chain a { counter name b; }"),
        ("a jump to a base chain", "a jump to a chain without hook", base + "}\nchain a { jump i; }"),
        ("a loop below a base chain", "in a loop", "chain a { goto b; }\nchain b { goto a; }\n" + base + "jump a\n}"),
        ("a loop through a map", "in a loop", "chain a { tcp dport vmap { 1 : jump a }; }\n" + base + "jump a\n}"),
        (
            "an IPv6 set for an IPv4 address", "expected a set of `ipv4_addr`",
            "set s { type ipv6_addr; }\nchain a { ip saddr @s accept; }"
        ),
        (
            "a set of ports for a protocol", "expected a set of `inet_proto`",
            "set s { type inet_service; }\nchain a { ip protocol @s accept; }"
        ),
        (
            "one field for a set of two", "expected a set of `ipv4_addr`",
            "set s { type ipv4_addr . inet_service; }\nchain a { ip saddr @s accept; }"
        ),
        ("a set where a map belongs", "expected a map", "set s { type inet_service; }\nchain a { tcp dport vmap @s; }"),
        ("an IPv6 address in an IPv4 set", "type `ipv4_addr`", "set s { type ipv4_addr; elements = { ::1 }; }"),
        ("an IPv4 address in an IPv6 set", "type `ipv6_addr`", "set s { type ipv6_addr; elements = { 10.0.0.1 }; }"),
        (
            "a prefix without `flags interval`", "expected `flags interval`",
            "set s { type ipv4_addr; elements = { 10.0.0.0/8 }; }"
        ),
        (
            "a range without `flags interval`", "expected `flags interval`",
            "set s { type inet_service; elements = { 1-5 }; }"
        ),
        (
            "overlapping intervals", "conflicts with element 1",
            "set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.1.0.0/16 }; }"
        ),
        (
            "overlapping boxes", "conflicts with element 1",
            "set s { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80, 10.1.0.0/16 . 80 }; }"
        ),
        (
            "a map with overlapping ranges", "conflicts with element 1",
            "chain a { tcp dport vmap { 1-10 : accept, 5 : drop }; }"
        ),
        (
            "a map with one key twice", "conflicts with element 1",
            "map m { type inet_service : verdict; elements = { 1 : accept, 1 : drop }; }"
        ),
        (
            "more elements than the size", "at most 2 elements",
            "set s { type inet_service; size 2; elements = { 1, 2, 3 }; }"
        ),
        ("a statement behind the verdict", "nothing after a verdict", "chain a { ip saddr 10.0.0.1 accept counter; }"),
        ("two versions in one rule", "conflicting versions", "chain a { ip saddr 10.0.0.1 ip6 saddr ::1 accept; }"),
        (
            "a version against the address", "conflicting versions",
            "chain a { meta nfproto ipv6 ip saddr 10.0.0.1 accept; }"
        ),
        ("two protocols in one rule", "conflicting protocols", "chain a { meta l4proto udp tcp dport 1 accept; }"),
        (
            "two protocols through the header", "conflicting protocols",
            "chain a { ip protocol tcp udp dport 5 accept; }"
        ),
        ("a reset for UDP", "conflicting protocols", "chain a { udp dport 5 reject with tcp reset; }"),
        (
            "an ICMPv6 answer for IPv4", "conflicting versions",
            "chain a { ip saddr 10.0.0.1 reject with icmpv6 no-route; }"
        ),
        (
            "a reject in postrouting", "no `reject` in postrouting",
            "chain e { type filter hook postrouting priority 0; reject; }"
        ),
        ("an empty anonymous set", "expected a value, got `}`", "chain a { ip saddr { } accept; }"),
        ("a reversed range", "lower end first", "chain a { tcp dport 90-80 accept; }"),
        ("a policy without a hook", "only in a base chain", "chain a { policy drop; }"),
        ("dstnat outside prerouting", "priority of this hook", "chain a { type filter hook input priority dstnat; }"),
        ("a name that starts with a digit", "expected a name", "chain 1a { accept; }"),
        ("a brace on the line of a rule", "got `}`", "chain a { accept }"),
        (
            "a comparison of several fields with one value", "expected a set or map",
            "chain a { ip saddr . tcp dport 10.0.0.1 . 80 accept; }"
        ),
        ("`ct original saddr` without a version", "unknown match", "chain a { ct original saddr 10.0.0.1 accept; }"),
        ("a variable", "byte 36", "chain a { ip saddr $x accept; }"),
        ("an unknown statement", "unknown statement or match `frobnicate`", "chain a { frobnicate; }"),
        ("a match that this reader does not know", "unknown match `tcp window`", "chain a { tcp window 5 accept; }"),
        ("an unknown meta key", "unknown match `meta frob`", "chain a { meta frob 5 accept; }"),
        ("an unknown flag", "type `tcp_flag`, got `frob`", "chain a { tcp flags frob accept; }"),
        ("an unknown state", "type `ct_state`, got `old`", "chain a { ct state old accept; }"),
        ("an unknown ICMP type", "type `icmp_type`, got `frob`", "chain a { icmp type frob accept; }"),
        ("a port above 65535", "got `65536`", "chain a { tcp dport 65536 accept; }"),
        ("a prefix longer than the address", "got `10.0.0.0/33`", "chain a { ip saddr 10.0.0.0/33 accept; }"),
        ("a string that does not end", "closing", "chain a { log prefix \"x\n }"),
        (
            "a prefix of 128 bytes", "at most 127 bytes",
            "chain a { log prefix \"" + String(repeating: "x", count: 128) + "\"; }"
        ),
        ("an unknown set property", "unknown property `frob`", "set s { type ipv4_addr; frob; }"),
        ("an unknown set type", "unknown type `frob`", "set s { type frob; }"),
        ("an unknown object", "got `frobtable`", "frobtable f { }"),
        (
            "nat, which this reader does not know", "only chain type known",
            "chain a { type nat hook prerouting priority 0; }"
        ),
        ("a set of marks by packet, which this reader does not know", "got `5`", "chain a { meta mark set 5; }"),
        ("a name of 16 bytes for an interface", "type `ifname`", "chain a { iifname \"abcdefghijklmnop\" accept; }"),
    ]

    @Test(arguments: refused) func isRefused(_ example: (name: String, reason: String, body: String)) {
        do {
            _ = try Ruleset(text: "table inet t {\n\(example.body)\n}\n")
            Issue.record("accepted: \(example.name)")
        } catch {
            #expect(error.message.contains(example.reason), "\(example.name): \(error)")
        }
    }

    @Test(arguments: [
        ("a loop that no base chain reaches", "chain a { jump b; }\nchain b { jump a; }"),
        ("one element twice in a set", "set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.1 }; }"),
        ("overlap in an anonymous set", "chain a { ip saddr { 10.0.0.0/8, 10.1.0.0/16 } accept; }"),
        ("a rule behind a rule that always ends", "chain a { accept; drop; }"),
        ("dots and slashes in a name", "chain a.b-c/d { accept; }"),
        ("names that begin like keywords", "chain c { jump accept2; }\nchain accept2 { accept; }\nchain ip2 { }"),
        ("offsets of priorities", "chain d { type filter hook input priority security + 2; }"),
        ("a comma at the end", "set s { type inet_service; elements = { 1,\n2,\n}; }"),
        ("a reject in prerouting", "chain e { type filter hook prerouting priority 0; reject; }"),
    ])
    func isAccepted(_ name: String, _ body: String) throws {
        #expect(try Ruleset(text: "table inet t {\n\(body)\n}\n").name == "t", "\(name)")
    }

    /// Fifteen jumps are the kernel's limit, by jump and goto alike ("Too many links").
    @Test(arguments: ["jump", "goto"]) func theSixteenthJumpIsRefused(_ verb: String) throws {
        func text(_ depth: Int) -> String {
            var text = "table inet t {\n" + Self.base + "jump c1\n}\n"
            for level in 1..<depth { text += "chain c\(level) { \(verb) c\(level + 1); }\n" }
            return text + "chain c\(depth) { accept; }\n}\n"
        }
        _ = try Ruleset(text: text(15))
        #expect(throws: RulesetError.self) { try Ruleset(text: text(16)) }
    }

    @Test func errorsNameTheirPlace() {
        #expect(throws: RulesetError.self) { try Ruleset(text: "") }
        do {
            _ = try Ruleset(text: "table inet t {\n    chain a {\n        tcp dport 80 frob\n    }\n}\n")
            Issue.record("accepted")
        } catch {
            #expect(error.place == .text(line: 3, column: 22))
        }
        do {
            _ = try Ruleset(
                json: #"{"nftables":[{"table":{"family":"inet","name":"t"}},{"chain":{"family":"inet","table":"t","#
                    + #""name":"a"}},{"rule":{"family":"inet","table":"t","chain":"a","expr":[{"xt":null}]}}]}"#)
            Issue.record("accepted")
        } catch {
            #expect(error.place == .json(path: "nftables[2].rule.expr[0]"))
        }
    }

    @Test(arguments: [
        #"{"nftables":[]}"#, #"{"nftables":{}}"#, #"[]"#, #"{"nftables":[{"table":{"family":"ip","name":"t"}}]}"#,
        #"{"nftables":[{"table":{"family":"inet","name":"t","flags":"dormant"}}]}"#,
        #"{"nftables":[{"table":{"family":"inet","name":"t"}}]} x"#,
        #"{"nftables":[{"table":{"family":"inet","name":"t"}},{"flowtable":{}}]}"#,
        #"{"nftables":[{"table":{"family":"inet","name":"t"}},{"table":{"family":"inet","name":"u"}}]}"#,
        #"{"nftables":[{"table":{"family":"inet","name":"t","name":"u"}}]}"#,
    ])
    func jsonThatIsNotOneTableIsRefused(_ json: String) {
        #expect(throws: RulesetError.self) { try Ruleset(json: json) }
    }

    /// Cutting or bending a listing anywhere gives a ruleset or an error, never a trap.
    @Test(arguments: Listing.names) func damagedListingsNeverTrap(_ name: String) throws {
        let listing = try Listing(name)
        for (text, isJSON) in [(listing.listed, false), (listing.json, true)] {
            let bytes = Array(text.utf8)
            for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
                var bent = bytes
                bent[place] = [0, 34, 45, 123, 255, 57][place % 6]
                for damaged in [Array(bytes[..<place]), bent] {
                    let copy = String(decoding: damaged, as: UTF8.self)
                    _ = isJSON ? try? Ruleset(json: copy) : try? Ruleset(text: copy)
                }
            }
        }
    }
}
