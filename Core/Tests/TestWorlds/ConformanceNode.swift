import Foundation

/// Why a conformance file cannot be read.
public struct ConformanceError: Error, CustomStringConvertible {
    /// Where in the file, and what was expected.
    public let description: String
}

/// A JSON value with its place, read strictly: every key of an object must be one that is asked for.
struct ConformanceNode {
    enum Value: Decodable {
        case null, bool(Bool), number(Int), text(String), list([Value]), object([String: Value])

        init(from decoder: any Decoder) throws {
            let box = try decoder.singleValueContainer()
            if box.decodeNil() {
                self = .null
            } else if let value = try? box.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? box.decode(Int.self) {
                self = .number(value)
            } else if let value = try? box.decode(String.self) {
                self = .text(value)
            } else if let value = try? box.decode([Value].self) {
                self = .list(value)
            } else {
                self = .object(try box.decode([String: Value].self))
            }
        }
    }

    let value: Value
    let place: String

    init(file: URL) throws {
        do {
            value = try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
        } catch {
            throw ConformanceError(description: "\(file.lastPathComponent): \(error)")
        }
        place = file.lastPathComponent
    }

    init(_ value: Value, _ place: String) {
        self.value = value
        self.place = place
    }

    func fail(_ expected: String) -> ConformanceError {
        ConformanceError(description: "\(place): expected \(expected), got \(value)")
    }

    /// Refuses keys that nobody would read.
    func allow(_ keys: [String]) throws {
        guard case .object(let members) = value else { throw fail("an object") }
        if let unknown = members.keys.sorted().first(where: { !keys.contains($0) }) {
            throw ConformanceError(description: "\(place): unknown key `\(unknown)`")
        }
    }

    subscript(key: String) -> ConformanceNode? {
        guard case .object(let members) = value, let member = members[key] else { return nil }
        return ConformanceNode(member, "\(place).\(key)")
    }

    var isObject: Bool { if case .object = value { true } else { false } }
    var isList: Bool { if case .list = value { true } else { false } }

    func members() throws -> [(key: String, node: ConformanceNode)] {
        guard case .object(let members) = value else { throw fail("an object") }
        return members.sorted { $0.key < $1.key }.map { ($0.key, ConformanceNode($0.value, "\(place).\($0.key)")) }
    }

    func items() throws -> [ConformanceNode] {
        guard case .list(let items) = value else { throw fail("a list") }
        return items.enumerated().map { ConformanceNode($0.element, "\(place)[\($0.offset)]") }
    }

    func text() throws -> String {
        guard case .text(let text) = value else { throw fail("a text") }
        return text
    }

    func number() throws -> Int {
        guard case .number(let number) = value else { throw fail("a whole number") }
        return number
    }

    func bool() throws -> Bool {
        guard case .bool(let bool) = value else { throw fail("true or false") }
        return bool
    }

    func required(_ key: String) throws -> ConformanceNode {
        guard let node = self[key] else { throw ConformanceError(description: "\(place): lacks `\(key)`") }
        return node
    }

    func text(_ key: String) throws -> String { try required(key).text() }
    func texts(_ key: String) throws -> [String] { try self[key]?.items().map { try $0.text() } ?? [] }
    func bool(_ key: String, default value: Bool) throws -> Bool { try self[key]?.bool() ?? value }
    func items(_ key: String) throws -> [ConformanceNode] { try self[key]?.items() ?? [] }
}
