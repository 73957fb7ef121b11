import Testing

@Suite struct HouseRulesTests {
    @Test func coreNeitherWaitsNorTrapsNorTalks() {
        #expect(HouseRules.impurities(in: Repository.swift(under: "Core/Sources")) == [])
    }

    @Test(arguments: [
        "func f() async {}", "await g()", "public actor Engine {}", "Task { }", "Task.detached { }",
        "fatalError(\"x\")",
        "try! f()", "x as! Int", "print(1)", "let c = ContinuousClock()", "let n = Int.random(in: 0..<3)",
        "let s = \"\\(try! f())\"",
    ])
    func impureCodeIsFound(_ code: String) {
        let file = SourceFile(path: "Core/Sources/Flows/A.swift", text: "let first = 1\n" + code)
        #expect(HouseRules.impurities(in: [file]).map(\.line) == [2])
    }

    @Test(arguments: [
        "// async, await, actor Engine", "let a = \"fatalError( try! \"", "/// print(x)", "let asyncness = 1",
        "var actor: String", "x.random(in: a, using: &generator)", "let t = \"\"\"\n await \"x\" try! \n\"\"\"",
        "func print(_ x: Int) {}", "other.print(x)", "let awaited = tryCount",
    ])
    func pureCodeIsLeftAlone(_ code: String) {
        #expect(HouseRules.impurities(in: [SourceFile(path: "Core/Sources/Flows/A.swift", text: code)]) == [])
    }

    @Test func noFileIsTooLongToRead() {
        let sources = ["Core/Sources", "Sources", "Benchmarks"].flatMap(Repository.swift(under:))
        let tests = ["Core/Tests", "Tests"].flatMap(Repository.swift(under:))
        #expect(HouseRules.tooLong(sources, limit: 700) == [])
        #expect(HouseRules.tooLong(tests, limit: 1_200) == [])
        let guide = Repository.file("ARCHITECTURE.md")
        #expect(guide != nil)
        #expect(HouseRules.tooLong([guide].compactMap(\.self), limit: 150) == [])
    }

    @Test func aLongFileIsFound() {
        let text = String(repeating: "\n", count: 700)
        #expect(HouseRules.tooLong([SourceFile(path: "A.swift", text: text)], limit: 700) == [])
        #expect(HouseRules.tooLong([SourceFile(path: "A.swift", text: text + "x")], limit: 700).count == 1)
    }

    @Test func theExecutableIsThin() {
        let files = Repository.swift(under: "Sources/bulkhead")
        #expect(!files.isEmpty)
        #expect(files.map(\.lineCount).reduce(0, +) < 80)
    }

    @Test func nothingNamesThePlacesOfOneMachine() {
        #expect(HouseRules.machinePaths(in: Repository.files) == [])
    }

    @Test(arguments: [
        "cd /hom" + "e/alice/bulkhead", "path: /wor" + "k/x", "`/roo" + "t/.config`", "swift at /op" + "t/swift/usr",
        "/tm" + "p/log", "x=/Use" + "rs/bob", "\"/wor" + "k/x\"", "'/roo" + "t/x'", "-I/op" + "t/swift/usr",
    ])
    func aPathOfOneMachineIsFound(_ text: String) {
        #expect(HouseRules.machinePaths(in: [SourceFile(path: "a.md", text: "\n" + text)]).map(\.line) == [2])
    }

    @Test(arguments: [
        "https://a.example/work" + "/x", "the network/work" + "/life", "$root/roo" + "t/x", "/workload/1",
    ])
    func otherPathsAreLeftAlone(_ text: String) {
        #expect(HouseRules.machinePaths(in: [SourceFile(path: "a.md", text: text)]) == [])
    }

    @Test func testsOfCoreSeeWhatUsersSee() {
        #expect(HouseRules.testableImports(in: Repository.swift(under: "Core/Tests")) == [])
        let file = SourceFile(path: "Core/Tests/FlowsTests/A.swift", text: "@testable import Flows")
        #expect(HouseRules.testableImports(in: [file]).count == 1)
    }

    @Test func coreDependsOnNothingAndTheRootIsPinned() throws {
        let core = try #require(Repository.file("Core/Package.swift"))
        #expect(!core.text.contains(".package("))
        let root = try #require(Repository.file("Package.swift"))
        #expect(HouseRules.unpinned(in: root) == [])
        let loose = SourceFile(path: "Package.swift", text: ".package(url: \"u\", from: \"1.0.0\"),")
        #expect(HouseRules.unpinned(in: loose).count == 1)
    }

    @Test func documentsNameFilesThatAreThere() throws {
        let pages = Repository.files.filter { $0.path.hasSuffix(".md") && !$0.path.hasPrefix("Core/Tests/") }
        #expect(pages.count >= 15)
        #expect(HouseRules.deadPaths(in: pages) { Repository.exists($0) } == [])
    }

    @Test func aPathThatLeadsNowhereIsFound() {
        let text = """
            [a](gone.md) [b](there.md#part) [c](https://example.org/x) `Core/gone.swift` `Core/there.swift`
            `Core/Sources/{a,b}` `make test` `docs/` [d](../docs)
            """
        let page = SourceFile(path: "docs/page.md", text: text)
        let there: Set = ["docs/there.md", "Core/there.swift", "docs/", "docs"]
        let found = HouseRules.deadPaths(in: [page]) { there.contains($0) }
        #expect(found.map(\.text) == ["`docs/gone.md` is not there", "`Core/gone.swift` is not there"])
    }

    @Test func everyDependencyIsJustified() throws {
        let root = try #require(Repository.file("Package.swift"))
        let justified = HouseRules.terms(inTablesOf: try #require(Repository.file("docs/dependencies.md")).text)
        let packages = matches(of: #"\.package\(url: "[^"]*/([^"/]+)""#, in: root.text).map { $0.groups[0] }
        let libraries = matches(of: #"\.apt\(\["([^"]+)"\]\)"#, in: root.text).map { $0.groups[0] }
        #expect(packages.count >= 3 && libraries.count >= 2)
        for name in packages + libraries { #expect(justified.contains(name), "no row for \(name)") }
    }
}
