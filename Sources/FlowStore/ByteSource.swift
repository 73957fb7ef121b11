import FlowFormats
import Foundation

/// The bytes of a file or of standard input, unpacked when they are gzip, a packet capture as the lines of its
/// flows; read in pieces of 64 KiB.
struct ByteSource {
    /// The file's last change; nil for standard input and pipes.
    let modified: Int64?
    /// What errors call it.
    private let name: String
    private let handle: FileHandle?
    /// What is read when there is no file.
    private let memory: [UInt8]

    /// Bytes that are in memory already, as if of the file `name` last changed at `modified`.
    init(bytes: [UInt8], name: String, modified: Int64) {
        self.name = name
        self.modified = modified
        handle = nil
        memory = bytes
    }

    /// Opens a path; `-` is standard input.
    init(path: String) throws(FlowStoreError) {
        memory = []
        name = path
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            // Opening a pipe that nobody writes to would wait for ever.
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                throw FlowStoreError(.unreadable, "cannot open `\(path)`: \(String(cString: strerror(errno)))")
            }
            handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
        var status = stat()
        guard fstat(handle.fileDescriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw FlowStoreError(.unreadable, "`\(path)` is a directory, expected a file")
        }
        let (nanos, over) = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        self.handle = handle
        modified = status.st_mode & S_IFMT == S_IFREG && !over ? nanos &+ Int64(status.st_mtim.tv_nsec) : nil
    }

    /// Goes back to the first byte, which a regular file and memory allow.
    func rewind() throws {
        guard let handle, lseek(handle.fileDescriptor, 0, SEEK_SET) != 0 else { return }
        throw FlowStoreError(.unreadable, "cannot read `\(name)` again: \(String(cString: strerror(errno)))")
    }

    /// Hands every piece to `sink`, in order; the flows of a capture as normalised lines, and the result tells what it held.
    @discardableResult
    func read(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> CaptureSummary? {
        var lines = CaptureLines()
        try readUnpacked { try lines.feed($0, sink) }
        return try lines.finish(sink)
    }

    /// The same without looking for captures.
    func readUnpacked(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var inflater: Inflater?
        var isFirst = true
        try readRaw { piece in
            if isFirst, piece.count >= 2, piece[0] == 0x1F, piece[1] == 0x8B { inflater = try Inflater(name: name) }
            isFirst = false
            if let inflater { try inflater.feed(piece, sink) } else { try sink(piece) }
        }
        if let inflater, !inflater.isAtEnd {
            throw FlowStoreError(
                .badCompression, "`\(name)` is gzip data that ends early, after \(inflater.produced) unpacked bytes")
        }
    }

    /// The first piece has at least two bytes, if there are, since they tell gzip from text.
    private func readRaw(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let handle else {
            if !memory.isEmpty { try memory.withUnsafeBytes(sink) }
            return
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var isFirst = true
        while true {
            var count = try readOnce(handle.fileDescriptor, &buffer, at: 0)
            if isFirst, count == 1 { count += try readOnce(handle.fileDescriptor, &buffer, at: 1) }
            guard count > 0 else { return }
            isFirst = false
            try buffer.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    private func readOnce(_ descriptor: Int32, _ buffer: inout [UInt8], at start: Int) throws -> Int {
        while true {
            let got = buffer.withUnsafeMutableBytes { bytes in
                Foundation.read(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if got >= 0 { return got }
            guard errno == EINTR else {
                throw FlowStoreError(.unreadable, "cannot read `\(name)`: \(String(cString: strerror(errno)))")
            }
        }
    }
}
