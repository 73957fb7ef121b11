internal import Glibc
internal import Synchronization

/// A thread of its own, outside the pools of Swift and Dispatch, that may change its namespaces.
///
/// A pool's thread must never enter a namespace: the next task on it would run there.
public final class JoinableThread: Sendable {
    private let thread: Mutex<pthread_t?>

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that runs `body` and ends.
    public init(_ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
        let work = Unmanaged.passRetained(Work(body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if code != 0 {
            work.release()
            throw SystemCallError("pthread_create", code: code)
        }
        thread = Mutex(handle)
    }

    /// Waits until the thread has ended; the second call returns at once.
    public func join() {
        let handle = thread.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let handle { pthread_join(handle, nil) }
    }

    deinit {
        thread.withLock { handle in
            if let handle { pthread_detach(handle) }
        }
    }

    /// Runs `body` on a fresh thread, waits, and hands on what it returned or threw.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let box = ResultBox(result)
        let thread = try JoinableThread { box.store(Result { try body() }) }
        thread.join()
        return try box.take()
    }
}

/// Where a thread leaves its result for the one that waits for it.
private final class ResultBox<Value: Sendable>: Sendable {
    private let result: Mutex<Result<Value, any Error>?>

    init(_ result: consuming Mutex<Result<Value, any Error>?>) { self.result = result }

    func store(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }

    func take() throws -> Value {
        guard let value = result.withLock({ $0 }) else { throw SystemCallError("pthread_join", code: ESRCH) }
        return try value.get()
    }
}
