internal import CNetns
internal import Glibc

/// An open file descriptor with one owner, closed when the owner lets go.
public final class Descriptor: Sendable {
    /// The number; valid as long as this object lives.
    public let number: Int32

    /// Takes over an open descriptor.
    public init(owning number: Int32) { self.number = number }

    /// Opens a file, close-on-exec.
    public convenience init(opening path: String, _ flags: Int32) throws(SystemCallError) {
        let number = open(path, flags | O_CLOEXEC)
        guard number >= 0 else { throw SystemCallError.last("open \(path)") }
        self.init(owning: number)
    }

    /// Makes a file that exists in memory only, close-on-exec (memfd_create(2)).
    public convenience init(inMemory name: String) throws(SystemCallError) {
        let number = bulkhead_memory_file(name)
        guard number >= 0 else { throw SystemCallError.last("memfd_create") }
        self.init(owning: number)
    }

    deinit { close(number) }

    /// Writes everything, or throws.
    public func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemCallError.last("write")
            }
            done += count
        }
    }

    /// Reads from the present position to the end.
    public func readToEnd() throws(SystemCallError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemCallError.last("read")
            }
            if count == 0 { return result }
            result.append(contentsOf: chunk[..<count])
        }
    }
}
