import Foundation
import RulesetSimulator
import Testing

/// A hand-written ruleset and what nft 1.0.6 on kernel 6.18 printed after loading it (`Fixtures/list-again.sh`).
struct Listing: CustomTestStringConvertible {
    let name: String
    let written: String
    let listed: String
    let json: String

    var testDescription: String { name }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    static let names = [
        "concatenations", "conntrack", "dispatch", "effects", "flags", "icmp", "meta", "priorities", "rejects",
        "routes", "sets", "ways",
    ]

    init(_ name: String) throws {
        self.name = name
        written = try Self.text("Listings/\(name).nft")
        listed = try Self.text("Listings/\(name).list")
        json = try Self.text("Listings/\(name).json")
    }
}
