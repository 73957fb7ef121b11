import PolicyAnalysis
import Testing

@Suite struct ServiceSetTests {
    @Test func theEmptySetHasNoPart() {
        #expect(ServiceSet().isEmpty)
        #expect(ServiceSet().parts == [])
    }
}
