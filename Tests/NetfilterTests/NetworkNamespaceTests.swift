import Foundation
import Netfilter
import Testing

@Suite("Network namespaces", .needsNamespaces)
struct NetworkNamespaceTests {
    @Test func aNewNamespaceHasOnlyLoopback() throws {
        let output = try NetworkNamespace().run { try ChildProcess.require(["ip", "-o", "link"]).output }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        // The kernel may add tunnel devices of loaded modules; the machine's own interfaces never appear.
        #expect(lines.first?.contains("lo:") == true)
        #expect(!lines.contains { $0.contains("state UP") })
    }

    @Test func theCallingThreadStaysWhereItWas() throws {
        let before = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
        let inside = try NetworkNamespace().run {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
        }
        let after = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
        #expect(before == after)
        #expect(inside != before)
    }

    @Test func variablesBelongToTheNamespace() throws {
        let one = try NetworkNamespace()
        let two = try NetworkNamespace()
        try one.set(sysctl: "net/ipv4/ip_forward", to: "1")
        try two.set(sysctl: "net/ipv4/ip_forward", to: "0")
        #expect(try one.sysctl("net/ipv4/ip_forward") == "1")
        #expect(try two.sysctl("net/ipv4/ip_forward") == "0")
    }

    @Test func anUnknownVariableIsAnErrorThatNamesIt() throws {
        let namespace = try NetworkNamespace()
        let error = try #require(throws: SystemCallError.self) {
            try namespace.set(sysctl: "net/ipv4/no_such_thing", to: "1")
        }
        #expect(error.code == ENOENT)
        #expect(error.description.contains("net/ipv4/no_such_thing"))
    }

    @Test func aLineThatIPRefusesIsAnErrorWithItsReason() throws {
        let namespace = try NetworkNamespace()
        let error = try #require(throws: ChildError.self) { try namespace.ip(["link set nowhere up"]) }
        #expect(error.reason.contains("nowhere"))
    }

    @Test func noDescriptorIsLeftOpen() throws {
        func openDescriptors() throws -> Set<String> {
            let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            return Set(
                names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
                    .filter { $0.hasPrefix("net:") })
        }
        let before = try openDescriptors()
        var identities: Set<String> = []
        for _ in 0..<20 {
            let namespace = try NetworkNamespace()
            let nft = try NftContext(in: namespace)
            try nft.apply("add table inet t")
            identities.insert(
                try namespace.run {
                    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
                })
        }
        // Other suites open namespaces meanwhile; ours must be gone.
        #expect(identities.count >= 1)
        #expect(try openDescriptors().subtracting(before).intersection(identities).isEmpty)
    }
}
