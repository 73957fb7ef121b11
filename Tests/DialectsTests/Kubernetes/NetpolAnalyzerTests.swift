import Dialects
import Foundation
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// The cases of np-guard/netpol-analyzer: manifests with the connections that they allow, as that project states them.
@Suite struct NetpolAnalyzerTests {
    static let folder = "kubernetes/netpol-analyzer"

    static let cases: [String] =
        ((try? TestData.names(in: folder)) ?? []).filter { $0 != "LICENSE" }

    @Test func allCasesAreThere() {
        #expect(Self.cases.count == 31)
    }

    @Test(arguments: cases) func connectionsAreAsExpected(name: String) throws {
        let sources = try TestData.manifests(in: "\(Self.folder)/\(name)/input")
        let text = try TestData.text("\(Self.folder)/\(name)/expected.txt")
        #expect(try Self.differences(sources, text) == [])
    }

    /// The comparison notices a line less, a port more and a range that ends elsewhere.
    @Test(arguments: [
        ("ns1/pod1[Deployment] => ns3/pod1[Deployment] : All Connections\n", ""),
        (
            "ns2/pod1[Deployment] => ns1/pod1[Deployment] : All Connections",
            "ns2/pod1[Deployment] => ns1/pod1[Deployment] : TCP 1-65535"
        ),
        ("ns1/pod1[Deployment] => 104.154.164.171-255", "ns1/pod1[Deployment] => 104.154.164.172-255"),
    ]) func aWrongExpectationIsNoticed(written: String, wrong: String) throws {
        let path = "\(Self.folder)/anp_and_banp_using_networks_and_nodes_test"
        let text = try TestData.text("\(path)/expected.txt")
        let changed = text.replacing(written, with: wrong)
        #expect(changed != text)
        #expect(try !Self.differences(try TestData.manifests(in: "\(path)/input"), changed).isEmpty)
    }

    static func differences(_ sources: [PolicySource], _ text: String) throws -> [String] {
        let expected = try ExpectedConnections(text)
        let read = KubernetesReader.read(sources, DialectOptions(now: Instant(rawValue: 0)))
        for finding in read.findings {
            #expect(finding.diagnostic.severity == .warning, "\(finding.diagnostic)")
        }
        return ConnectionComparison(read).differences(from: expected)
    }
}
