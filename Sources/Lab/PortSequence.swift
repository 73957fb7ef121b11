internal import Synchronization

/// Ports handed out one after the other, shared by all that ask.
public final class PortSequence: Sendable {
    /// Above the lab's services and below what the kernel may reserve; it begins anew after the last.
    public static let range: ClosedRange<UInt16> = 20_000...59_999

    private let nextPort = Mutex(range.lowerBound)

    /// Starts at the first port.
    public init() {}

    /// The next port.
    public func next() -> UInt16 {
        nextPort.withLock { port in
            defer { port = port == Self.range.upperBound ? Self.range.lowerBound : port + 1 }
            return port
        }
    }
}
