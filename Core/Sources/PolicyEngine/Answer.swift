internal import PolicyModel

/// A three-valued answer; unknown says which attribute of the flow is missing.
enum Answer: Equatable {
    case no
    case yes
    case unknown(FlowAttribute)

    init(_ value: Bool) { self = value ? .yes : .no }

    /// Both must hold; the lesser attribute is reported when both are unknown.
    func and(_ other: Answer) -> Answer {
        switch (self, other) {
        case (.no, _), (_, .no): .no
        case (.yes, let rest), (let rest, .yes): rest
        case (.unknown(let a), .unknown(let b)): .unknown(min(a, b))
        }
    }

    /// One is enough; the lesser attribute is reported when both are unknown.
    func or(_ other: Answer) -> Answer {
        switch (self, other) {
        case (.yes, _), (_, .yes): .yes
        case (.no, let rest), (let rest, .no): rest
        case (.unknown(let a), .unknown(let b)): .unknown(min(a, b))
        }
    }
}
