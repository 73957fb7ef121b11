import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference
import Testing

/// Corners of layers that random worlds do not draw.
@Suite struct LayerCornerTests {
    /// Semantics, corners: an unknown `samePrincipal` of `appliesWhen` counts as holding, since a layer only restricts.
    @Test(
        arguments: [
            (.unknown, .unknown, .denied), (.unknown, .known(Principal(name: "ann")), .denied),
            (.known(Principal(name: "ann")), .known(Principal(name: "ann")), .denied),
            (.known(Principal(name: "ann")), .known(Principal(name: "bob")), .notGoverned),
            (.absent, .unknown, .notGoverned),
        ] as [(Attribute<Principal>, Attribute<Principal>, EndDecision.Kind)])
    func aLayerBetweenOnePrincipalsEndsStandsWhereThePrincipalIsUnknown(
        source: Attribute<Principal>, destination: Attribute<Principal>, expected: EndDecision.Kind
    ) {
        let layer = Layer(id: "mesh", enforcer: .platform, appliesWhen: [.samePrincipal], tiers: [])
        let policy = FlatPolicy(layers: [layer])
        let flow = Flow(
            source: FlowEnd(IPAddress(ipv4: 0x0A00_0001), principal: source),
            destination: FlowEnd(IPAddress(ipv4: 0x0A00_0002), principal: destination), proto: .tcp, sourcePort: 5000,
            destinationPort: 80)
        let instant = Instant(rawValue: 0)
        let decision = PolicyEngine(workloads: [], policy: policy).decide(flow, at: instant)
        #expect(decision.policy.source.kind == expected && decision.effective.destination.kind == expected)
        #expect(decision == FlatReference(workloads: [], policy: policy).decide(flow, at: instant))
    }
}
