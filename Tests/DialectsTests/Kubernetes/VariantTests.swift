import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// The same state written otherwise has the same meaning.
@Suite struct VariantTests {
    private static func documents(_ sources: [PolicySource]) -> [String] {
        sources.flatMap { source in
            var documents: [[Substring]] = [[]]
            let text = String(decoding: source.bytes, as: UTF8.self).replacing("\r\n", with: "\n")
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("---") { documents.append([]) } else { documents[documents.count - 1].append(line) }
            }
            return documents.map { $0.joined(separator: "\n") }
        }
    }

    /// Every document in a file of its own, in reversed order: the same workloads and the same policy.
    @Test(arguments: NetpolAnalyzerTests.cases) func theOrderOfDocumentsMeansNothing(name: String) throws {
        let sources = try TestData.manifests(in: "\(NetpolAnalyzerTests.folder)/\(name)/input")
        let options = DialectOptions(now: Instant(rawValue: 0))
        let read = KubernetesReader.read(sources, options)
        let reversed = Self.documents(sources).reversed().enumerated().map {
            PolicySource(name: "\($0.offset)", text: $0.element)
        }
        let other = KubernetesReader.read(reversed, options)
        #expect(read.workloads == other.workloads)
        #expect(read.policy == other.policy)
        #expect(read.names == other.names)
        #expect(read.findings.map(\.diagnostic.message).sorted() == other.findings.map(\.diagnostic.message).sorted())
    }

    /// Other names, whose order is another: the answers are the same under the new names.
    @Test(arguments: [
        "anp_np_banp_core_test", "anp_test_6_swapping_rules", "anp_test_combining_test_6_and_test_10",
        "banp_test_core_gress_rules", "anp_banp_test_with_named_port_unmatched",
    ]) func namesMeanNothing(name: String) throws {
        func renamed(_ text: String) -> String {
            var text = text
            for (old, new) in [
                ("gryffindor", "zebra"), ("slytherin", "yak"), ("hufflepuff", "bee"), ("ravenclaw", "ape"),
                ("harry-potter", "w-one"), ("draco-malfoy", "a-two"), ("cedric-diggory", "m-three"),
                ("luna-lovegood", "b-four"),
            ] { text = text.replacing(old, with: new) }
            return text
        }
        let sources = try TestData.manifests(in: "\(NetpolAnalyzerTests.folder)/\(name)/input").map {
            PolicySource(name: $0.name, text: renamed(String(decoding: $0.bytes, as: UTF8.self)))
        }
        let expected = renamed(try TestData.text("\(NetpolAnalyzerTests.folder)/\(name)/expected.txt"))
        #expect(expected.contains("zebra"))
        #expect(try NetpolAnalyzerTests.differences(sources, expected) == [])
    }
}
