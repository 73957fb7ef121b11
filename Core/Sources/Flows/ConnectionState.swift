/// How far a connection came, in the four steps that evidence needs; the source's own word is kept beside it.
public enum ConnectionState: String, Sendable, Hashable, CaseIterable {
    /// The responder answered with something other than a refusal.
    case established
    /// Only the initiator was seen. For datagrams this is ordinary one-way traffic.
    case attempted
    /// The responder refused, for example by a reset in answer to the SYN.
    case rejected
    /// The source does not say.
    case unknown

    /// The state that says more: established over rejected over attempted over unknown.
    public func stronger(_ other: Self) -> Self { strength >= other.strength ? self : other }

    private var strength: Int {
        switch self {
        case .established: 3
        case .rejected: 2
        case .attempted: 1
        case .unknown: 0
        }
    }
}
