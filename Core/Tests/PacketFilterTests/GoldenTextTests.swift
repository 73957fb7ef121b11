import Foundation
import PacketFilter
import PolicyModel
import Testing

/// The rendered text of known programs, read by people when it changes.
///
/// `BULKHEAD_UPDATE_GOLDEN=1` writes the files anew; `Golden/load.sh` loads every file into a kernel.
@Suite struct GoldenTextTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private func compare(_ text: String, _ name: String) throws {
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["BULKHEAD_UPDATE_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let known = try String(contentsOf: file, encoding: .utf8)
        #expect(text == known, "`\(name)` differs; read the change, then update")
    }

    @Test func textsAreAsReviewed() throws {
        for golden in try GoldenWorld.cases() { try compare(golden.rendered().text, "\(golden.name).nft") }
    }

    @Test func updatesAreAsReviewed() throws {
        let old = GoldenCase(name: "", program: try GoldenWorld.program("db", .full))
        let new = GoldenCase(
            name: "", program: try GoldenWorld.program("db", .full) { $0.rulesets[0].rules.remove(at: 2) },
            generation: 2)
        let idle = GoldenCase(name: "", program: try GoldenWorld.program("db", .idle), generation: 3)
        try compare(new.rendered().replacing(old.rendered()), "update-db.nft")
        try compare(idle.rendered().replacing(new.rendered()), "update-db-to-idle.nft")
        try compare(old.rendered().replacing(idle.rendered()), "update-db-from-idle.nft")
        try compare(RenderedRuleset.removal, "removal.nft")
    }
}
