import Foundation
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

@testable import Dialects

/// A policy with the packet filters that the hosted service compiled from it, or its refusal.
struct TailscaleCapture: CustomTestStringConvertible, Sendable {
    let name: String
    let policy: [UInt8]
    /// The topology, as the API's devices call would list it.
    let devices: [UInt8]
    let isAccepted: Bool
    let nodes: [String: Node]
    let filters: [String: [FilterRule]]

    var testDescription: String { name }

    struct Node: Sendable {
        var addresses: [IPAddress] = []
        var routes: [Prefix] = []
    }

    /// The folder of captures beside the checkout, or below where `BULKHEAD_TESTDATA` says.
    static let folder: URL =
        (ProcessInfo.processInfo.environment["BULKHEAD_TESTDATA"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: #filePath).appending(path: "../../../../shared/testdata").standardized)
        .appending(path: "tailscale")

    /// Every capture; none where the data is not there, which a test of its own reports.
    static let all: [TailscaleCapture] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().compactMap {
            try? TailscaleCapture(folder.appendingPathComponent($0))
        }
    }()

    struct Unreadable: Error {}

    init(_ file: URL) throws {
        guard
            let root = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any],
            let id = root["id"] as? String, let policy = root["policy"], let accepted = root["accepted"] as? Bool,
            let topology = root["topology"] as? [String: Any],
            let nodes = topology["nodes"] as? [String: [String: Any]],
            let users = topology["users"] as? [[String: Any]], let filters = root["filters"] as? [String: Any]
        else { throw Unreadable() }
        name = id
        isAccepted = accepted
        self.policy = Array(try JSONSerialization.data(withJSONObject: policy, options: [.sortedKeys, .prettyPrinted]))
        var emails: [String: String] = [:]
        for user in users {
            if let name = user["name"] as? String, let email = user["email"] as? String { emails[name] = email }
        }
        var listed: [[String: Any]] = []
        var read: [String: Node] = [:]
        for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
            let texts = ["ipv4", "ipv6"].compactMap { node[$0] as? String }
            let approved = node["approved_routes"] as? [String] ?? []
            read[name] = Node(addresses: texts.compactMap { IPAddress($0) }, routes: approved.compactMap { Prefix($0) })
            var device: [String: Any] = [
                "name": "\(name).example.ts.net", "hostname": name, "addresses": texts, "authorized": true,
                "tags": node["tags"] as? [String] ?? [], "enabledRoutes": approved,
                "advertisedRoutes": node["routable_ips"] as? [String] ?? [],
            ]
            if let user = node["user"] as? String { device["user"] = emails[user] ?? user }
            listed.append(device)
        }
        self.nodes = read
        devices = Array(try JSONSerialization.data(withJSONObject: ["devices": listed]))
        self.filters = try filters.mapValues { value in
            try (value as? [[String: Any]] ?? []).map { try FilterRule($0) }
        }
    }

    /// What the reader makes of it.
    func reading() -> DialectPolicy {
        TailscaleReader.read(
            [PolicySource(name: "policy.hujson", bytes: policy)],
            DialectOptions(now: Instant(rawValue: 0), devices: PolicySource(name: "devices.json", bytes: devices)))
    }
}

/// One rule of a compiled filter (tailcfg, `FilterRule`), and whether it admits a packet: the meaning that the captures have, written
/// without the reader.
struct FilterRule: Sendable {
    var sources: [AddressRange?]
    var destinations: [(range: AddressRange?, ports: ClosedRange<UInt16>)]
    var protocols: [UInt8]

    init(_ json: [String: Any]) throws {
        func range(_ text: String) throws -> AddressRange? {
            if text == "*" { return nil }
            guard let range = AddressRange(text) else { throw TailscaleCapture.Unreadable() }
            return range
        }
        sources = try (json["SrcIPs"] as? [String] ?? []).map { try range($0) }
        destinations = try (json["DstPorts"] as? [[String: Any]] ?? []).map { entry in
            guard let text = entry["IP"] as? String, let ports = entry["Ports"] as? [String: Int],
                let first = ports["First"].flatMap({ UInt16(exactly: $0) }),
                let last = ports["Last"].flatMap({ UInt16(exactly: $0) }), first <= last
            else { throw TailscaleCapture.Unreadable() }
            return (try range(text), first...last)
        }
        // Absent means TCP, UDP, ICMP and ICMPv6.
        protocols = (json["IPProto"] as? [Int])?.compactMap { UInt8(exactly: $0) } ?? [6, 17, 1, 58]
    }

    func admits(_ source: IPAddress, _ destination: IPAddress, _ proto: IPProtocol, _ port: UInt16) -> Bool {
        guard protocols.contains(proto.rawValue), sources.contains(where: { $0?.contains(source) ?? true }) else {
            return false
        }
        return destinations.contains { entry in
            (entry.range?.contains(destination) ?? true) && (!proto.hasPorts || entry.ports.contains(port))
        }
    }

    /// Every port at which the rule may change its mind, and its neighbours.
    var edges: [UInt16] {
        destinations.flatMap {
            [$0.ports.lowerBound &- 1, $0.ports.lowerBound, $0.ports.upperBound, $0.ports.upperBound &+ 1]
        }
    }
}
