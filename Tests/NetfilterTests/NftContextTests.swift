import Netfilter
import Testing

@Suite("libnftables in a namespace", .needsNamespaces)
struct NftContextTests {
    let namespace: NetworkNamespace
    let nft: NftContext

    init() throws {
        namespace = try NetworkNamespace()
        nft = try NftContext(in: namespace)
    }

    static let table = """
        table inet seg {
            set peers { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.9 }; }
            chain in { type filter hook input priority 0; policy accept; ip saddr @peers counter drop; }
        }
        """

    @Test func whatWasAppliedIsListed() throws {
        try nft.apply(Self.table)
        let listed = try nft.list("list table inet seg")
        #expect(listed.contains("192.0.2.9"))
        #expect(listed.contains("hook input"))
    }

    @Test func jsonCarriesHandles() throws {
        try nft.apply(Self.table)
        let json = try nft.listJSON("list table inet seg")
        #expect(json.hasPrefix("{\"nftables\":"))
        #expect(json.contains("\"handle\":"))
        #expect(try !nft.list("list table inet seg").contains("\"handle\""), "the text form returns after JSON")
    }

    @Test func aDryRunChangesNothing() throws {
        try nft.check(Self.table)
        #expect(try !nft.list().contains("table inet seg"))
    }

    @Test func aFailingTransactionLeavesTheOldTable() throws {
        try nft.apply(Self.table)
        let before = try nft.list()
        #expect(throws: NftError.self) {
            try nft.apply("delete table inet seg\ntable inet seg { chain in { ip saddr @nosuch accept; }; }")
        }
        // The kernel, not the parser, refuses this one: the chain exists and is a base chain of another hook.
        #expect(throws: NftError.self) {
            try nft.apply("add rule inet seg in accept\nadd rule inet seg in jump nowhere")
        }
        #expect(try nft.list() == before)
    }

    @Test func anErrorNamesItsPlace() throws {
        try nft.apply("table inet seg { chain in { }; }")
        let error = try #require(throws: NftError.self) {
            try nft.apply("add rule inet seg in accept\nadd rule inet seg in tcp dport 99999 accept")
        }
        #expect(error.line == 2)
        // `99999` stands at columns 32 to 36 of its line.
        #expect(error.column == 32)
        #expect(!error.message.isEmpty)
    }

    @Test func listingWhatIsNotThereSaysSo() throws {
        let error = try #require(throws: NftError.self) { try nft.list("list table inet absent") }
        #expect(error.message.contains("No such file or directory"))
    }

    @Test func contextsStayInTheirNamespaces() throws {
        let other = try NftContext(in: NetworkNamespace())
        try nft.apply("add table inet here")
        try other.apply("add table inet there")
        #expect(try nft.list("list tables") == "table inet here\n")
        #expect(try other.list("list tables") == "table inet there\n")
    }

    @Test func manyThreadsMayUseOneContext() async throws {
        let nft = nft
        try await withThrowingTaskGroup { group in
            for number in 0..<20 { group.addTask { try nft.apply("add table inet t\(number)") } }
            try await group.waitForAll()
        }
        #expect(try nft.list("list tables").split(separator: "\n").count == 20)
    }
}
