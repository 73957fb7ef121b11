import FlowFormats
import FlowStore
import Foundation
import Testing

@Suite struct HostileFileTests {
    @Test func aGzipBombIsRefusedAndTheStoreUnchanged() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        // 100 MiB of zeros pack 1000 to 1.
        let plain = try fixture.write([UInt8](repeating: 0, count: 100 << 20), to: "zeros")
        let report = try store.importFiles([try fixture.packed(plain, to: "bomb.gz"), StoreFixture.scranton])
        #expect(report.files[0].failure?.code == .compressionLimit)
        #expect(report.files[1].newConnections == 134)
        let decoded = try FlowDecoding.decode([fixture.root.appending(path: "bomb.gz").path]) { _ in }
        #expect(decoded[0].failure?.code == .compressionLimit)
    }

    @Test func damagedGzipIsRefusedWhole() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        var packed = try StoreFixture.bytes(try fixture.packed(StoreFixture.scranton, to: "s.gz"))
        let cut = try fixture.write(packed.dropLast(100), to: "cut.gz")
        packed[packed.count / 2] ^= 0xFF
        let broken = try fixture.write(packed, to: "broken.gz")
        let report = try store.importFiles([cut, broken])
        #expect(report.files.map { $0.failure?.code } == [.badCompression, .badCompression])
        #expect(try store.counts().connections == 0)
    }

    @Test func severalGzipMembersAreOneText() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let bytes = try StoreFixture.bytes(StoreFixture.scranton)
        let halves = [try fixture.write(bytes[..<20_000], to: "a"), try fixture.write(bytes[20_000...], to: "b")]
        let both = try halves.enumerated().flatMap { try StoreFixture.bytes(try fixture.packed($1, to: "\($0).gz")) }
        #expect(try store.importFiles([try fixture.write(both, to: "both.gz")]).newConnections == 134)
    }

    @Test func zerosBehindTheLastMemberAreNothing() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let member = try StoreFixture.bytes(try fixture.packed(StoreFixture.scranton, to: "s.gz"))
        let padding = [UInt8](repeating: 0, count: 700)
        let padded = try fixture.write(member + padding, to: "padded.gz")
        let broken = try fixture.write(member + padding + member, to: "broken.gz")
        let report = try store.importFiles([padded, broken])
        #expect(report.files[0].newConnections == 134 && report.files[1].failure?.code == .badCompression)
    }

    @Test func filesThatCannotBeReadAreReported() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let report = try store.importFiles([fixture.root.path, fixture.root.appending(path: "none").path, "/dev/null"])
        #expect(report.files.map { $0.failure?.code } == [.unreadable, .unreadable, .unreadable])
    }

    /// Nobody writes to it, so that opening it to wait would wait for ever.
    @Test func aPipeIsRefusedAtOnce() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let path = fixture.root.appending(path: "pipe").path
        try #require(mkfifo(path, 0o600) == 0)
        #expect(try store.importFiles([path]).files[0].failure?.code == .unreadable)
    }

    @Test func badLinesAreCountedAndTheRestImported() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let lines = try StoreFixture.bytes(StoreFixture.scranton).split(separator: 10).map { Array($0) + [10] }
        let bad = Array("{\"ts\":oops}\n".utf8)
        let path = try fixture.write((lines[..<10] + [bad] + lines[10..<20] + [bad]).joined(), to: "mixed.log")
        let report = try store.importFiles([path]).files[0]
        #expect(report.newConnections == 20 && report.lines.refused == [.badJSON: 2])
        #expect(report.lines.firstPlaces[.badJSON]?.line == 11)
    }

    @Test func theDatabaseIsReadableByItsOwnerOnly() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        _ = try store.importFiles([StoreFixture.scranton])
        let folder = fixture.root.appending(path: "data").path
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test(arguments: [(UInt8(6), FlowStoreError.Code.newerSchema), (4, .olderSchema), (1, .olderSchema)])
    func aDatabaseOfAnotherVersionIsRefused(version: UInt8, code: FlowStoreError.Code) throws {
        let fixture = try StoreFixture()
        do { _ = try fixture.store() }
        // `PRAGMA user_version` is the big-endian word at offset 60 (SQLite file format §1.3).
        let path = fixture.root.appending(path: "data/bulkhead.sqlite").path
        var bytes = try StoreFixture.bytes(path)
        #expect(bytes[63] == 5)
        bytes[63] = version
        let other = fixture.root.appending(path: "other")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        try Data(bytes).write(to: other.appending(path: "bulkhead.sqlite"))
        #expect { try fixture.store("other") } throws: { ($0 as? FlowStoreError)?.code == code }
    }
}
