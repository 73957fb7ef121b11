import CZlib

/// Unpacks a gzip stream (RFC 1952) of one or more members, piece by piece.
final class Inflater {
    /// The most that a file may unpack to, as a multiple of its size, once it is over `ratioFree`.
    ///
    /// Text logs pack 5 to 30 times; deflate cannot exceed 1032 (zlib.net, "zlib Technical Details").
    static let ratioLimit = 250
    /// Unpacked bytes below which the ratio is not judged: 64 MiB.
    static let ratioFree = 64 << 20
    /// The most that a file may unpack to: 256 GiB.
    static let sizeLimit = 256 << 30

    private var stream = z_stream()
    private var output = [UInt8](repeating: 0, count: 1 << 16)
    private(set) var consumed = 0
    private(set) var produced = 0
    /// Whether the last member was complete; a stream that ends elsewhere is cut.
    private(set) var isAtEnd = false
    /// Whether zero bytes came behind it, and nothing else may.
    private var isPadded = false

    private let name: String

    /// Starts at the beginning of a stream; faults name the file.
    init(name: String) throws {
        self.name = name
        // 15 bits of window, plus 16 for the gzip wrapper (zlib.h, inflateInit2).
        let status = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw FlowStoreError(.badCompression, "cannot unpack `\(name)`: zlib cannot start: status \(status)")
        }
    }

    deinit { inflateEnd(&stream) }

    func feed(_ input: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let base = input.baseAddress else { return }
        stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        while stream.avail_in > 0 {
            if isAtEnd, try isPadding() { continue }
            if isAtEnd {
                inflateReset(&stream)
                isAtEnd = false
            }
            try step(input.count, sink)
        }
        consumed += input.count
    }

    /// Takes a zero byte behind a member, with which tapes and disks fill their blocks (gzip(1), "CAVEATS").
    private func isPadding() throws -> Bool {
        guard stream.next_in.pointee == 0 else {
            guard !isPadded else {
                throw FlowStoreError(.badCompression, "`\(name)` is damaged gzip data after \(produced) unpacked bytes")
            }
            return false
        }
        isPadded = true
        stream.next_in += 1
        stream.avail_in -= 1
        return true
    }

    private func step(_ inputCount: Int, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        repeat {
            let status = output.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                return inflate(&stream, Z_NO_FLUSH)
            }
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                throw FlowStoreError(.badCompression, "`\(name)` is damaged gzip data after \(produced) unpacked bytes")
            }
            let count = output.count - Int(stream.avail_out)
            produced += count
            let read = consumed + inputCount - Int(stream.avail_in)
            if produced > Self.sizeLimit || (produced > Self.ratioFree && produced / max(read, 1) > Self.ratioLimit) {
                throw FlowStoreError(
                    .compressionLimit,
                    "`\(name)` unpacks to over \(Self.ratioLimit) times its size, or over \(Self.sizeLimit) bytes")
            }
            if count > 0 { try output.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) } }
            if status == Z_STREAM_END {
                isAtEnd = true
                return
            }
        } while stream.avail_out == 0
    }
}
