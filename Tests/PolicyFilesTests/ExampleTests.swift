import Foundation
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

@Suite struct ExampleTests {
    @Test func theExampleLoadsWithoutFindings() throws {
        let result = PolicyDirectory.load(Place.repository.appending(path: "Examples/three-tier").path, now: Place.now)
        #expect(result.diagnostics.map(\.text) == [])
        let policy = try #require(result.policy)
        #expect(policy.workloads.count == 10)
    }
}
