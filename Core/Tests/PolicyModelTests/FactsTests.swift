import NetworkTypes
import PolicyModel
import Testing

/// Facts from outside that the model states.
@Suite struct FactsTests {
    /// ICMP types with what RFC 792, RFC 1122 §3.2.2, RFC 4443 §2.1 and RFC 4861 §4.5 say of them.
    static let messages: [(proto: IPProtocol, type: UInt8, isError: Bool, isRedirect: Bool)] = [
        (.icmp, 0, false, false), (.icmp, 3, true, false), (.icmp, 4, true, false), (.icmp, 5, true, true),
        (.icmp, 8, false, false), (.icmp, 11, true, false), (.icmp, 12, true, false), (.icmp, 13, false, false),
        (.icmpv6, 1, true, false), (.icmpv6, 2, true, false), (.icmpv6, 3, true, false), (.icmpv6, 4, true, false),
        (.icmpv6, 127, true, false), (.icmpv6, 128, false, false), (.icmpv6, 129, false, false),
        (.icmpv6, 135, false, false), (.icmpv6, 137, false, true), (.icmpv6, 255, false, false),
        (.tcp, 3, false, false),
        (.tcp, 5, false, false),
    ]

    @Test(arguments: messages)
    func messagesAreErrorsOrRedirects(proto: IPProtocol, type: UInt8, isError: Bool, isRedirect: Bool) {
        #expect(ICMPMessage(type: type, code: 0).isError(proto) == isError)
        #expect(ICMPMessage(type: type, code: 0).isRedirect(proto) == isRedirect)
    }

    @Test func essentialRulesAreNamedAndDocumented() {
        let rules = EssentialRule.standard
        #expect(Set(rules.map(\.id)).count == rules.count)
        for rule in rules {
            #expect(rule.id.rawValue.hasPrefix("essential/"))
            #expect(!rule.documentation.owner.isEmpty && !rule.documentation.reason.isEmpty)
            #expect(!rule.match.services.isEmpty)
            // Never a whole protocol that carries application data.
            #expect(!rule.match.services.contains(.any))
            #expect(!rule.match.services.contains { $0 == .proto(.tcp) || $0 == .proto(.udp) })
        }
    }

    static let validity: [(from: Int64?, until: Int64?, at: Int64, holds: Bool)] = [
        (nil, nil, .min, true), (nil, nil, .max, true), (10, 20, 9, false), (10, 20, 10, true), (10, 20, 19, true),
        (10, 20, 20, false), (10, nil, .max, true), (nil, 20, .min, true), (20, 10, 15, false), (10, 10, 10, false),
        (-5, 0, -1, true),
    ]

    @Test(arguments: validity)
    func validityIsHalfOpen(from: Int64?, until: Int64?, at: Int64, holds: Bool) {
        let span = Validity(from: from.map { Instant(rawValue: $0) }, until: until.map { Instant(rawValue: $0) })
        #expect(span.contains(Instant(rawValue: at)) == holds)
    }

    @Test func onlyProcessesMakeARuleJudgeSelfTraffic() {
        func rule(_ subject: AttributeMatch, _ peer: AttributeMatch) -> FlatRule {
            FlatRule(
                id: "r", action: .allow, direction: .ingress, subject: .any, peer: .any, services: [.any],
                subjectAttributes: subject, peerAttributes: peer)
        }
        let process = AttributeMatch(processes: ["/bin/x"])
        let principal = AttributeMatch(principals: ["ann"])
        #expect(rule(process, .none).namesProcess)
        #expect(rule(.none, process).namesProcess)
        #expect(!rule(principal, principal).namesProcess)
        #expect(!rule(.none, .none).namesProcess)
    }

    @Test func missingAttributesAreReportedInOneOrder() {
        #expect(
            FlowAttribute.allCases.reversed().sorted()
                == [
                    .icmpType, .sourceProcess, .destinationProcess, .sourcePrincipal, .destinationPrincipal,
                    .ruleMeaning,
                ])
    }
}
