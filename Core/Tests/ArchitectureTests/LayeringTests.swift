import Testing

@Suite struct LayeringTests {
    @Test func everyTargetImportsOnlyWhatIsBelowIt() {
        #expect(Layers.core.violations(in: Repository.swift(under: "Core/Sources")) == [])
        #expect(Layers.root.violations(in: Repository.swift(under: "Sources")) == [])
    }

    @Test func theTreeIsReallyRead() {
        #expect(Repository.swift(under: "Core/Sources").count > 10)
        #expect(Repository.swift(under: "Sources").contains { $0.target == "bulkhead" })
        #expect(Repository.file("Core/Package.swift") != nil)
        #expect(Repository.file("Core/Sources/NetworkTypes/Prefix.swift")?.target == "NetworkTypes")
    }

    @Test func theTableSaysWhatTheDesignSays() {
        #expect(Layers.core.allowed("NetworkTypes") == [])
        #expect(Layers.core.allowed("RulesetSimulator") == ["NetworkTypes"])
        #expect(Layers.core.allowed("PacketFilter") == ["PolicyEngine", "PolicyModel", "NetworkTypes"])
        #expect(Layers.core.allowed("PolicyReference") == ["PolicyModel", "NetworkTypes"])
        #expect(
            Layers.core.direct.keys.allSatisfy { Layers.core.allowed($0)?.isDisjoint(with: Layers.platform) == true })
        #expect(Layers.core.direct.keys.allSatisfy { Layers.core.allowed($0)?.contains($0) == false }, "no cycle")
    }

    /// Each row is a file that must be refused, or the checker is blind.
    static let refused: [(target: String, code: String, module: String)] = [
        ("NetworkTypes", "import PolicyModel", "PolicyModel"),
        ("PolicyModel", "import Foundation", "Foundation"),
        ("PolicyModel", "  @preconcurrency internal import Glibc", "Glibc"),
        ("PolicyModel", "let a = 1; import Dispatch", "Dispatch"),
        ("PolicyModel", "@_spi(Testing) public import struct Foundation.URL", "Foundation"),
        ("PolicyModel", "#if canImport(Glibc)\nimport Glibc\n#endif", "Glibc"),
        ("PolicyEngine", "import PolicyReference", "PolicyReference"),
        ("PolicyReference", "import PolicyEngine", "PolicyEngine"),
        ("RulesetSimulator", "public import PacketFilter", "PacketFilter"),
        ("RulesetSimulator", "import PolicyModel", "PolicyModel"),
        ("PacketFilter", "import RulesetSimulator", "RulesetSimulator"),
        ("Flows", "/* import NetworkTypes */ \n// no\nimport PolicyModel", "PolicyModel"),
    ]

    @Test(arguments: refused) func anImportAgainstTheArrowIsFound(_ row: (target: String, code: String, module: String))
    {
        let file = SourceFile(path: "Core/Sources/\(row.target)/Sample.swift", text: row.code)
        let found = Layers.core.violations(in: [file])
        #expect(found.count == 1)
        #expect(found.first?.text.contains("imports \(row.module)") == true)
    }

    @Test func importsOfTheRootAreHeldToo() {
        let code = [
            ("PolicyFiles", "import GRDB"), ("Netfilter", "import Yams"), ("bulkhead", "import Testing"),
            ("FlowStore", "import PolicyFiles"), ("Commands", "import GRDB"), ("Lab", "import RulesetSimulator"),
            ("Unknown", "import Foundation"),
        ]
        for (target, text) in code {
            let file = SourceFile(path: "Sources/\(target)/Sample.swift", text: text)
            #expect(Layers.root.violations(in: [file]).count == 1, "\(target): \(text)")
        }
    }

    @Test func commentsAndStringsImportNothing() {
        let text = """
            // import Foundation
            /* import Glibc /* nested */ import Dispatch */
            let a = "import Foundation"
            let b = #"\\#(a) import Glibc"#
            """
        #expect(SourceFile(path: "Core/Sources/Flows/A.swift", text: text).imports == [])
    }
}
