import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// Damaged manifests never stop the reader, and what it makes of them is well formed.
@Suite struct KubernetesFuzzTests {
    private static let words = [
        "{}", "[]", "null", ": ", "\n---\n", "- ", "&a ", "*a", "!!x ", "\"", "'", "-1", "65536",
        "99999999999999999999", "0.0.0.0/0",
        "10.0.0.0/99", "::/0", "podSelector", "namespaceSelector", "ipBlock", "kind: List\nitems:\n",
        "metadata: {name: x}",
        "NetworkPolicy", "Pass", "nodes: {}", "\u{202E}", "\u{0}", "\t", "{{ template }}", "hostNetwork: true",
    ]

    @Test func theCorpusIsReadWithoutAnError() throws {
        let corpus = try MutatedCorpus("kubernetes")
        #expect(corpus.files.count == 4)
        for file in corpus.files {
            let read = KubernetesReader.read([file], DialectOptions(now: Instant(rawValue: 0)))
            #expect(!read.hasErrors, "\(file.name): \(read.findings)")
        }
    }

    @Test func damageNeverStopsTheReader() throws {
        let corpus = try MutatedCorpus("kubernetes")
        var readable = 0
        for round in 0..<MutatedCorpus.rounds {
            let file = corpus.file(round, words: Self.words)
            let read = KubernetesReader.read([file], DialectOptions(now: Instant(rawValue: 0)))
            if !read.hasErrors { readable += 1 }
            let ids = read.workloads.map(\.id)
            #expect(Set(ids).count == ids.count)
            #expect(ids == ids.sorted())
            #expect(read.workloads.allSatisfy { !$0.addresses.isEmpty })
            #expect(read.findings.allSatisfy { $0.diagnostic.location?.file ?? file.name == file.name })
            #expect(read.findings.allSatisfy { ($0.diagnostic.location?.line ?? 1) >= 1 })
            // The engine takes whatever a reader makes.
            let engine = PolicyEngine(workloads: read.workloads, policy: read.policy)
            #expect(engine.workloads.count == read.workloads.count)
        }
        // Damage that always breaks the file would reach no reader.
        #expect(readable > MutatedCorpus.rounds / 20)
        #expect(readable < MutatedCorpus.rounds)
    }
}
