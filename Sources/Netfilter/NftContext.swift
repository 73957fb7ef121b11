internal import CNftables
internal import Synchronization

/// A connection to nftables in one network namespace, by libnftables.
///
/// One call is one transaction: all of it is applied, or nothing. Calls wait for each other, process-wide: libnftables
/// keeps a table of interfaces that all its contexts share.
public final class NftContext: Sendable {
    /// Where it writes.
    public let namespace: NetworkNamespace
    private let context: Mutex<OpaquePointer>
    private static let library = Mutex<Void>(())

    /// Opens a connection that stays in `namespace`.
    public init(in namespace: NetworkNamespace) throws {
        self.namespace = namespace
        let opened = try namespace.run {
            try Self.library.withLock { _ in
                // NFT_CTX_DEFAULT, nftables/libnftables.h.
                guard let context = nft_ctx_new(0) else { throw NftError(report: "Error: no context") }
                nft_ctx_buffer_output(context)
                nft_ctx_buffer_error(context)
                return UInt(bitPattern: context)
            }
        }
        guard let context = OpaquePointer(bitPattern: opened) else { throw NftError(report: "Error: no context") }
        self.context = Mutex(context)
    }

    deinit {
        context.withLock { context in
            Self.library.withLock { _ in nft_ctx_free(context) }
        }
    }

    /// Applies one transaction of commands in nft's language (nft(8)).
    public func apply(_ text: String) throws { _ = try execute(text) }

    /// Lets the library read and the kernel's present tables confirm the text, without applying it.
    ///
    /// What only the kernel checks, such as loops of jumps, is not found.
    public func check(_ text: String) throws { _ = try execute(text, isDry: true) }

    /// What a `list` command writes, as text.
    public func list(_ command: String = "list ruleset") throws -> String { try execute(command) }

    /// What a `list` command writes, as JSON with handles (libnftables-json(5)).
    public func listJSON(_ command: String = "list ruleset") throws -> String {
        try execute(command, flags: UInt32(NFT_CTX_OUTPUT_JSON) | UInt32(NFT_CTX_OUTPUT_HANDLE))
    }

    private func execute(_ text: String, isDry: Bool = false, flags: UInt32 = 0) throws -> String {
        // From a buffer, libnftables 1.0.6 reports errors without their line; from a file, with it.
        let file = try Descriptor(inMemory: "bulkhead-nft")
        try file.write(Array(text.utf8))
        return try namespace.run { [self] in
            try context.withLock { context in
                try Self.library.withLock { _ in
                    nft_ctx_set_dry_run(context, isDry)
                    nft_ctx_output_set_flags(context, flags)
                    let code = nft_run_cmd_from_filename(context, "/proc/self/fd/\(file.number)")
                    // Both buffers are emptied by reading them.
                    let output = nft_ctx_get_output_buffer(context).map { String(cString: $0) } ?? ""
                    let errors = nft_ctx_get_error_buffer(context).map { String(cString: $0) } ?? ""
                    guard code == 0 else { throw NftError(report: errors) }
                    return output
                }
            }
        }
    }
}
