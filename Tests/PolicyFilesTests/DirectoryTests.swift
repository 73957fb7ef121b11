import Foundation
import PolicyFiles
import PolicyModel
import Testing

/// What a path may be, and how files become one policy.
@Suite final class DirectoryTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "bulkhead-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ path: String, _ text: String) throws {
        let url = root.appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: root.appending(path: path).path, withDestinationPath: target)
    }

    private func load(_ path: String = "") -> PolicyLoadResult {
        PolicyDirectory.load(path.isEmpty ? root.path : root.appending(path: path).path, now: Place.now)
    }

    private func codes(_ path: String = "") -> [String] { load(path).diagnostics.map(\.code) }

    @Test func allFilesBelowADirectoryAreOnePolicy() throws {
        try write("a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try write("deep/er/b.yml", "bulkhead: 1\naddressSets: {office: 192.0.2.0/24}\n")
        try write("notes.txt", "not policy")
        try write(".hidden.yaml", "not policy")
        try write(
            "c.yaml",
            """
            bulkhead: 1
            owner: team
            workloads: [{name: w, addresses: 10.0.0.1, labels: {app: shop}}]
            rulesets: [{name: s, scope: app = shop, rules: [{name: r, action: allow, from: {addresses: office}, to: app = shop, services: web, anywhere: true, reason: why}]}]
            """)
        let policy = try #require(load().policy)
        #expect(policy.policy.rulesets.first?.rules.first?.match.services == policy.services["web"])
        #expect(policy.policy.addressSets.keys.map(\.rawValue) == ["office"])
    }

    @Test func defaultsOfAFileAreItsOwn() throws {
        try write("a.yaml", "bulkhead: 1\nowner: team\n")
        try write(
            "b.yaml",
            "bulkhead: 1\nworkloads: [{name: w, addresses: 10.0.0.1, labels: {app: shop}}]\nguardrails: [{name: g, from: any, to: any, services: any, reason: why}]\n"
        )
        #expect(codes() == ["missing-owner"])
    }

    @Test func theOrderOfFilesAndItemsDoesNotMatter() throws {
        let parts = [
            "workloads: [{name: b, addresses: 10.0.0.2, labels: {app: shop}}, {name: a, addresses: 10.0.0.1, labels: {app: shop}}]",
            "services: {web: tcp/80}",
            "guardrails: [{name: z, from: any, to: any, services: web, reason: r}, {name: y, from: any, to: any, services: web, reason: r}]",
            "tests: [{name: t, from: a, to: b, service: tcp/80, expect: denied}]",
        ]
        func result(_ order: [Int]) throws -> LoadedPolicy {
            let sources = order.map { PolicySource(name: "\($0).yaml", text: "bulkhead: 1\nowner: o\n\(parts[$0])\n") }
            return try #require(PolicyDirectory.load(sources, now: Place.now).policy)
        }
        let first = try result([0, 1, 2, 3])
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] { #expect(try result(order) == first) }
        #expect(first.workloads.map(\.id) == ["a", "b"])
        #expect(first.policy.guardrails.map(\.id) == ["y", "z"])
    }

    @Test func anErrorInOneFileLoadsNothing() throws {
        try write("a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try write("b.yaml", "bulkhead: 1\nservices: {dns: upd/53}\n")
        let result = load()
        #expect(result.policy == nil)
        #expect(result.diagnostics.map(\.code) == ["invalid-service"])
        #expect(result.diagnostics.first?.message.contains("did you mean `udp`?") == true)
        #expect(result.diagnostics.first?.location?.file == root.appending(path: "b.yaml").path)
    }

    @Test func namesAreUniqueAcrossFiles() throws {
        try write("a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try write("b.yaml", "bulkhead: 1\nservices: {web: tcp/443}\n")
        let found = try #require(load().diagnostics.first)
        #expect(found.code == "duplicate-name")
        #expect(found.related.map { URL(fileURLWithPath: $0.file).lastPathComponent } == ["a.yaml"])
    }

    @Test func aPathThatHoldsNoPolicyIsSaid() throws {
        #expect(codes("missing") == ["unreadable"])
        try FileManager.default.createDirectory(at: root.appending(path: "empty"), withIntermediateDirectories: true)
        #expect(codes("empty") == ["no-policy-files"])
        #expect(PolicyDirectory.load("/dev/zero", now: Place.now).diagnostics.map(\.code) == ["unreadable"])
        #expect(PolicyDirectory.load("", now: Place.now).policy == nil)
        for found in load("missing").diagnostics { #expect(found.message.hasSuffix("got nothing"), "\(found.message)") }
    }

    @Test func linksToFilesAreFollowedAndLinksToDirectoriesRefused() throws {
        try write("real/a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try FileManager.default.createDirectory(at: root.appending(path: "policy"), withIntermediateDirectories: true)
        try link("policy/a.yaml", to: "../real/a.yaml")
        #expect(load("policy").policy != nil)
        try link("policy/more", to: "..")
        #expect(codes("policy") == ["symbolic-link"])
    }

    @Test func linksThatLeadNowhereOrInCirclesAreSaid() throws {
        try write("a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try link("b.yaml", to: "nowhere.yaml")
        #expect(codes() == ["unreadable"])
        try FileManager.default.removeItem(at: root.appending(path: "b.yaml"))
        try link("c.yaml", to: "d.yaml")
        try link("d.yaml", to: "c.yaml")
        #expect(codes() == ["unreadable", "unreadable"])
    }

    @Test func aDirectoryNamedLikeAFileIsADirectory() throws {
        try write("team.yaml/a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        #expect(load().policy?.services.count == 1)
    }

    @Test func aFileThatMayNotBeReadIsSaid() throws {
        try write("a.yaml", "bulkhead: 1\nservices: {web: tcp/80}\n")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: root.appending(path: "a.yaml").path)
        // Root may read everything.
        let expected =
            FileManager.default.isReadableFile(atPath: root.appending(path: "a.yaml").path) ? [] : ["unreadable"]
        #expect(codes() == expected)
    }

    @Test func directoriesTooDeepAreRefused() throws {
        try write(String(repeating: "d/", count: 40) + "a.yaml", "bulkhead: 1\n")
        #expect(codes() == ["too-deep"])
    }
}
