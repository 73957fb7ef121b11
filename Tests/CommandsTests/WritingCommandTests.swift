import Commands
import Foundation
import Testing

/// `bulkhead import` and `bulkhead render kubernetes`.
@Suite struct WritingCommandTests {
    /// A directory that is gone when the value is.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("writing-\(UUID().uuidString)")
        var path: String { url.path }

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func add(_ name: String, _ text: String) throws -> String {
            try Data(text.utf8).write(to: url.appendingPathComponent(name))
            return url.appendingPathComponent(name).path
        }
    }

    private static let manifests = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop, labels: {app: web}}
        status: {podIP: 10.0.0.1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: db, namespace: shop, labels: {app: db}}
        status: {podIP: 10.0.0.2}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: db, namespace: shop}
        spec:
          podSelector: {matchLabels: {app: db}}
          ingress:
            - from: [{podSelector: {matchLabels: {app: web}}}]
              ports: [{port: 5432}]
        """

    @Test func importedFilesPassTheCheckAndDecideTheSame() throws {
        let folder = try Folder()
        let file = try folder.add("all.yaml", Self.manifests)
        let out = folder.path + "/out"
        let imported = try Invocation(["import", "--from", "kubernetes", file, "--out", out, "--owner", "shop team"])
        #expect(imported.status == .fine, "\(imported.errors)")
        #expect(imported.output.split(separator: "\n").allSatisfy { $0.hasPrefix(out) })
        let check = try Invocation(["policy", "check", out, "--format", "json"])
        #expect(check.status == .fine)
        let report = try check.object()
        #expect(report["errors"] as? Int == 0)
        #expect(report["warnings"] as? Int == 0)
        let one = try Invocation(["connectivity", "--from", "kubernetes", file]).output
        let other = try Invocation(["connectivity", "--policy", out]).output
        #expect(one.contains("shop/web[Pod] => shop/db[Pod] : TCP 5432\n"))
        #expect(other.contains("shop/web-Pod => shop/db-Pod : TCP 5432\n"))
        #expect(!other.contains("External] => shop/db"))
        let text = try String(contentsOfFile: out + "/rulesets/namespace-shop.yaml", encoding: .utf8)
        #expect(text.contains("services: tcp/5432"))
        #expect(text.contains("owner: shop team"))
    }

    @Test func aDirectoryWithFilesIsNotWrittenTo() throws {
        let folder = try Folder()
        let file = try folder.add("all.yaml", Self.manifests)
        let imported = try Invocation(["import", "--from", "kubernetes", file, "--out", folder.path])
        #expect(imported.status == .unusable)
        #expect(imported.errors.contains("expected an empty directory for --out"))
    }

    @Test func policyReadInPartIsRefusedUnlessConsented() throws {
        let folder = try Folder()
        let file = try folder.add(
            "all.yaml", Self.manifests.replacingOccurrences(of: "  ingress:", with: "  strange: 1\n  ingress:"))
        let arguments = ["import", "--from", "kubernetes", file, "--out", folder.path + "/out"]
        let refused = try Invocation(arguments)
        #expect(refused.status == .unusable)
        #expect(refused.errorLines.last?.contains("cannot write the policy") == true)
        #expect(refused.errors.contains("strange"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
        #expect(try Invocation(arguments + ["--allow-partial"]).status == .found)
    }

    @Test func renderedManifestsAreReadAgain() throws {
        let folder = try Folder()
        let file = try folder.add("all.yaml", Self.manifests)
        let rendered = try Invocation(["render", "kubernetes", "--from", "kubernetes", file])
        #expect(rendered.status == .fine, "\(rendered.errors)")
        #expect(rendered.output.contains("kind: NetworkPolicy\n"))
        let again = try folder.add(
            "again.yaml",
            Self.manifests.components(separatedBy: "---\napiVersion: networking")[0] + "---\n" + rendered.output)
        let one = try Invocation(["connectivity", "--from", "kubernetes", file])
        let other = try Invocation(["connectivity", "--from", "kubernetes", again])
        #expect(one.output == other.output)
        #expect(!one.output.isEmpty)
    }

    @Test func whatKubernetesCannotSayNamesItsPlace() throws {
        let file = try PolicyFile(PolicyFile.small)
        let refused = try Invocation(["render", "kubernetes", "--policy", file.path, "--namespace", "shop"])
        #expect(refused.status == .unusable)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains("`broken-in` cuts workloads off"))
        #expect(refused.errors.contains("\(file.path):22:"))
        let arguments = ["render", "kubernetes", "--policy", file.path, "--namespace", "shop", "--allow-widening"]
        let widened = try Invocation(arguments)
        #expect(widened.status == .found)
        #expect(widened.errors.contains("widened: "))
        let object = try Invocation(arguments + ["--format", "json"]).object()
        #expect((object["files"] as? [[String: Any]])?.first?["text"] is String)
        #expect((object["differences"] as? [[String: Any]])?.isEmpty == false)
        #expect((object["notes"] as? [[String: Any]])?.contains { $0["code"] as? String == "cannot-say" } == true)
    }

    @Test func podsWithoutNamespaceAskForOne() throws {
        let refused = try Invocation(["render", "kubernetes", "--policy", threeTier])
        #expect(refused.status == .unusable)
        #expect(refused.errors.contains("ns/kubernetes.io/metadata.name"))
    }
}
