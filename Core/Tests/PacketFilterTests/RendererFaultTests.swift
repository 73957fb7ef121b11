import PacketFilter
import Testing

/// Every fault of the list is found by the differential test; the list stands in docs/design/packet-filter.md too.
@Suite struct RendererFaultTests {
    @Test(arguments: RendererFault.all) func theFaultIsFound(_ fault: RendererFault) throws {
        var differential = FilterDifferential(fault: fault.apply)
        let found = try differential.run(0..<60)
        #expect(found != nil, "\(fault.description) was not found")
    }
}
