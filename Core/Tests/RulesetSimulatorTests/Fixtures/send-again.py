#!/usr/bin/env python3
"""Sends packets through real kernels and writes what each counter saw: Packets/NAME.observed.

Makes two network namespaces with a veth pair and nothing else, loads Packets/NAME.nft in the receiving one, sends one
crafted packet at a time with raw sockets, and reads all named counters after each. Needs nft, ip and unprivileged user
namespaces: unshare -Urnm ./send-again.py
Columns: protocol, source, destination, first word (source port, or ICMP type/code), second word (destination port, or
ICMP checksum), TCP flags, hop limit, what a table of its own read from `ct state`, then counter=packets.
"""
import ipaddress, json, os, socket, struct, subprocess, sys, time

FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "-": 0}
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
STATES = ["new", "established", "related", "invalid", "untracked"]


def sh(command, check=True):
    return subprocess.run(command, shell=True, check=check, capture_output=True, text=True).stdout


def total(data):
    if len(data) % 2:
        data += b"\0"
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value


def packet(proto, source, destination, first, second, flags, hops):
    number = PROTOCOLS[proto]
    src, dst = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    length = {"tcp": 20, "udp": 12}.get(proto, 8)
    pseudo = src.packed + dst.packed + struct.pack("!IHH", length, 0, number)
    if src.version == 4:
        pseudo = src.packed + dst.packed + struct.pack("!HH", number, length)
    if proto == "tcp":
        bits = sum(FLAGS[f] for f in flags.split(","))
        head = struct.pack("!HHIIBBHHH", first, second, 1000, 1, 0x50, bits, 8192, 0, 0)
        check = ~total(pseudo + head) & 0xFFFF
        head = head[:16] + struct.pack("!H", check) + head[18:]
    elif proto == "udp":
        head = struct.pack("!HHHH4s", first, second, length, 0, b"test")
        check = ~total(pseudo + head) & 0xFFFF or 0xFFFF
        head = head[:6] + struct.pack("!H", check) + head[8:]
    else:
        # The identifier is chosen so that the checksum comes out as wanted.
        base = struct.pack("!HHHH", first, second, 0, 7)
        known = total((pseudo if proto == "icmpv6" else b"") + base)
        identifier = (0xFFFF - known) % 0xFFFF
        head = struct.pack("!HHHH", first, second, identifier, 7)
    if src.version == 4:
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head), 1, 0, hops, number, 0, src.packed, dst.packed)
        return ip[:10] + struct.pack("!H", ~total(ip) & 0xFFFF) + ip[12:] + head
    return struct.pack("!IHBB", 6 << 28, len(head), number, hops) + src.packed + dst.packed + head


def packets(name):
    four, six = ("10.1.0.1", "10.9.0.1"), ("2001:db8:1::1", "2001:db8:9::1")
    if name == "ways":
        for port in [1, 2, 3, 4, 5, 6, 7, 10, 11, 80, 85, 99, 100, 101, 102]:
            for source_port in [1, 2, 3, 4, 5, 6]:
                yield ("tcp", *four, source_port, port, "syn", 64)
        yield ("tcp", *six, 2, 80, "syn", 64)
    elif name == "chains":
        for source in ["10.1.0.1", "10.1.0.2"]:
            for port in [7, 22, 23, 80, 81, 443]:
                yield ("tcp", source, four[1], 4000, port, "syn", 64)
            for port in [9, 53, 54]:
                yield ("udp", source, four[1], 4000, port, "-", 64)
    else:
        for source in ["10.1.0.1", "10.1.0.2", "10.2.0.9", "10.3.0.1", "2001:db8:1::1", "2001:db8:1::2"]:
            wide = ":" in source
            destination = six[1] if wide else four[1]
            for number, port in enumerate([53, 80, 85, 443]):
                yield ("udp", source, destination, 2048, port, "-", 64)
                for other, flags in enumerate(["syn", "ack", "syn,ack", "rst", "fin,ack"]):
                    yield ("tcp", source, destination, 5000 + 10 * number + other, port, flags, 63 + other)
            request = (128 if wide else 8) << 8
            for checksum in [53, 53, 80, 4711]:
                yield ("icmpv6" if wide else "icmp", source, destination, request, checksum, "-", 64)


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Packets")
    receiver = subprocess.Popen(["unshare", "-n", "sleep", "3600"])
    time.sleep(0.3)
    inside = f"nsenter -t {receiver.pid} -n "
    try:
        for side in ["", inside]:
            for key in ["default.accept_dad=0", "default.dad_transmits=0", "default.accept_ra=0",
                        "default.router_solicitations=0", "default.addr_gen_mode=1"]:
                sh(f"{side}sysctl -qw net.ipv6.conf.{key}", check=False)
        sh(f"ip link add name wire0 type veth peer name wire1 netns {receiver.pid}")
        for side, link, own, other in [("", "wire0", 1, 2), (inside, "wire1", 2, 1)]:
            sh(f"{side}sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 "
               f"net.ipv4.conf.{link}.rp_filter=0", check=False)
            sh(f"{side}ip link set lo up; {side}ip link set {link} address 02:00:00:00:00:0{own} up")
            sh(f"{side}ip addr add 10.0.0.{own}/24 dev {link}; {side}ip addr add 2001:db8::{own}/64 dev {link}")
            for address in [f"10.0.0.{other}", f"2001:db8::{other}"]:
                sh(f"{side}ip neigh replace {address} lladdr 02:00:00:00:00:0{other} dev {link} nud permanent")
            sh(f"{side}ip route add default via 10.0.0.{other}; {side}ip -6 route add default via 2001:db8::{other}")
        sh(f"{inside}ip addr add 10.9.0.1/32 dev wire1; {inside}ip addr add 2001:db8:9::1/128 dev wire1")
        time.sleep(3)
        four = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for name in ["ways", "chains", "matches"]:
            probe = "table inet probe {\n" + "".join(f"counter {s} {{ packets 0 bytes 0; }}\n" for s in STATES)
            probe += "chain c { type filter hook prerouting priority -190; policy accept;\n"
            probe += "".join(f"ct state {s} counter name {s}\n" for s in STATES) + "}\n}\n"
            sh(f"{inside}nft flush ruleset")
            subprocess.run(f"{inside}nft -f -", shell=True, check=True, input=probe, text=True)
            sh(f"{inside}nft -f {folder}/{name}.nft")
            lines = []
            for line in packets(name):
                sh(f"{inside}nft reset counters")
                data = packet(*line)
                if ":" in line[1]:
                    six.sendto(data, (line[2], 0, 0, 0))
                else:
                    four.sendto(data, (line[2], 0))
                time.sleep(0.02)
                values = {}
                for item in json.loads(sh(f"{inside}nft -j list counters"))["nftables"]:
                    if "counter" in item and item["counter"]["packets"]:
                        values[(item["counter"]["table"], item["counter"]["name"])] = item["counter"]["packets"]
                state = [s for s in STATES if ("probe", s) in values]
                assert len(state) == 1 and values[("probe", state[0])] == 1, (line, values)
                hits = " ".join(f"{n}={c}" for (t, n), c in sorted(values.items()) if t == "t")
                lines.append(" ".join(str(p) for p in line) + f" {state[0]} {hits}".rstrip())
            with open(f"{folder}/{name}.observed", "w") as file:
                file.write("\n".join(lines) + "\n")
            print(name, len(lines), "packets")
    finally:
        receiver.terminate()
        receiver.wait()


main()
