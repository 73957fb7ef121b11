import Foundation
import Testing

@testable import FlowStore

@Suite struct SipHashTests {
    /// From `openssl mac -macopt hexkey:0001…0f -macopt size:16 SIPHASH` on no bytes and on the bytes 0 to 199.
    @Test(arguments: [(0, "a3817f04ba25a8e66df67214c7550293"), (200, "7c5853f4ed12ff9d836a79bc4047022d")])
    func agreesWithOpenSSL(count: Int, digest: String) {
        let input = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for cut in [0, 1, 5, 8, 13, count] where cut <= count {
            var hash = SipHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
            input[..<cut].withUnsafeBytes { hash.combine($0) }
            input[cut...].withUnsafeBytes { hash.combine($0) }
            #expect(hash.digest.bytes.map { String(format: "%02x", $0) }.joined() == digest)
        }
    }
}
