import NetworkTypes
import RulesetSimulator

/// Packets that differ in everything the listings ask for, so that a misread match shows.
enum PacketGrid {
    static let addresses = [
        "10.1.0.1", "10.1.0.2", "10.2.3.4", "10.3.0.9", "10.3.0.10", "11.0.0.6", "1.2.3.8", "10.9.0.1",
        "2001:db8:1::1", "2001:db8:1::2", "fe80::1", "fd00::7",
    ]

    static func packets() -> [Packet] {
        var result: [Packet] = []
        for (number, source) in addresses.enumerated() {
            for (other, destination) in ["10.9.0.1", "10.5.1.1", "10.6.0.1", "2001:db8:9::1"].enumerated() {
                guard let from = IPAddress(source), let to = IPAddress(destination), from.family == to.family else {
                    continue
                }
                let ports: [UInt16] = [1, 2, 3, 4, 5, 6, 22, 53, 54, 80, 85, 99, 100, 101, 443, 1000, 6000]
                for (index, port) in ports.enumerated() {
                    let salt = number &* 7 &+ other &* 3 &+ index
                    for proto in [IPProtocol.tcp, .udp] {
                        let sourcePort = [UInt16(1), 2, 3, 4, 5000][salt % 5]
                        var packet = Packet(from, to: to, proto, sourcePort: sourcePort, port: port)
                        vary(&packet, salt)
                        result.append(packet)
                    }
                }
                for type in [0, 1, 3, 5, 8, 13, 128, 129, 135, 143] as [UInt8] {
                    let salt = number &* 5 &+ other &+ Int(type)
                    var packet = Packet(from, to: to, from.family == .ipv4 ? .icmp : .icmpv6)
                    packet.icmpType = type
                    packet.icmpCode = [0, 3, 4, 13][salt % 4]
                    packet.icmpChecksum = type == 8 ? 53 : 0xBEEF
                    vary(&packet, salt)
                    result.append(packet)
                }
            }
        }
        return result
    }

    private static func vary(_ packet: inout Packet, _ salt: Int) {
        packet.state = [.new, .new, .established, .related, .invalid, .untracked][salt % 6]
        packet.tcpFlags = [.syn, .syn, .ack, [.syn, .ack], [.fin, .ack], .rst, []][salt % 7]
        packet.direction = salt % 3 == 0 ? .reply : .original
        packet.connectionStatus = [0, 4, 32, 36, 16][salt % 5]
        packet.connectionMark = [0, 1, 0x12][salt % 3]
        packet.mark = [0, 0x10, 3, 0x110][salt % 4]
        packet.hopLimit = [64, 255, 63, 1][salt / 2 % 4]
        packet.inputInterface = ["eth0", "lo", "veth1", "wlan0"][salt / 3 % 4]
        packet.outputInterface = ["eth1", "lo"][salt % 2]
        packet.kind = [.host, .broadcast, .multicast, .other][salt / 2 % 4]
        packet.user = [nil, 0, 1000, 5, 1001][salt % 5]
        packet.time = Instant(rawValue: [0, 1_704_067_200, 1_699_999_999, 1_750_000_000][salt % 4] * 1_000_000_000)
        packet.fragmentField = salt % 11 == 0 ? 0x2005 : 0
        packet.hasReversePath = salt % 4 != 0
        packet.destinationType = [.local, .broadcast, .unicast, .anycast][salt / 3 % 4]
    }
}
