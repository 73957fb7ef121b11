internal import CNetns
internal import Glibc

/// A network namespace, kept alive by an open descriptor; it vanishes with the last user (network_namespaces(7)).
///
/// What runs in it runs on a fresh thread that ends there, so no other work of the process is moved.
public final class NetworkNamespace: Sendable {
    private let descriptor: Descriptor

    /// Makes a new, empty namespace; its loopback interface is down.
    ///
    /// Needs CAP_SYS_ADMIN in the present user namespace: root, or a process under `unshare -Urn`.
    public init() throws {
        descriptor = try JoinableThread.run {
            guard bulkhead_unshare_net() == 0 else { throw SystemCallError.last("unshare(CLONE_NEWNET)") }
            return try Self.openOwn()
        }
    }

    private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// The namespace of the calling thread.
    public static func current() throws(SystemCallError) -> NetworkNamespace { NetworkNamespace(try openOwn()) }

    private static func openOwn() throws(SystemCallError) -> Descriptor {
        try Descriptor(opening: "/proc/thread-self/ns/net", O_RDONLY)
    }

    /// A path under which other processes of the same user can open the namespace while this object lives.
    public var path: String { "/proc/\(getpid())/fd/\(descriptor.number)" }

    /// Runs `body` inside on a fresh thread and waits for it; sockets opened there stay in the namespace.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        try JoinableThread.run { [descriptor] in
            try Self.enter(descriptor)
            return try body()
        }
    }

    /// Starts a thread inside that lives until `body` ends; `body` is told when the namespace could not be entered.
    public func start(_ body: @escaping @Sendable (SystemCallError?) -> Void) throws(SystemCallError) -> JoinableThread
    {
        let descriptor = descriptor
        return try JoinableThread {
            do throws(SystemCallError) {
                try Self.enter(descriptor)
                body(nil)
            } catch {
                body(error)
            }
        }
    }

    private static func enter(_ descriptor: Descriptor) throws(SystemCallError) {
        guard bulkhead_setns_net(descriptor.number) == 0 else { throw SystemCallError.last("setns(CLONE_NEWNET)") }
    }
}
