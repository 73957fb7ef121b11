/// A set of transport ports, as intervals; port 0 is a port like any other.
public typealias PortSet = IntervalSet<UInt16>

extension IntervalSet where Bound == UInt16 {
    /// One port.
    public init(_ port: UInt16) { self.init(port...port) }

    /// The ports as `80`, `1-3` and so on, joined by commas; empty text for the empty set.
    public var text: String {
        intervals.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
