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

    static func differences(_ sources: [PolicySource], _ text: String) throws -> [String] {
        let expected = try ExpectedConnections(text)
        let read = KubernetesReader.read(sources, DialectOptions(now: Instant(rawValue: 0)))
        for finding in read.findings {
            #expect(finding.diagnostic.severity == .warning, "\(finding.diagnostic)")
        }
        let inputs = sources.map { String(decoding: $0.bytes, as: UTF8.self) }
        var ranges = inputs.flatMap(ConnectionGrid.blocks)
        for line in expected.lines {
            for end in [line.source, line.destination] {
                if case .outside(let range) = end { ranges.append(range) }
            }
        }
        // Ports stand in policies, in small files; lists of pods are full of other numbers.
        let texts = [text] + inputs.filter { $0.contains("NetworkPolicy") && $0.utf8.count < 20_000 }
        return ConnectionGrid(read, ranges: ranges, texts: texts).differences(from: expected)
    }
}
