import FlowFormats
import Flows
import NetworkTypes

/// Everything that a text decodes to, fed in pieces of `chunk` bytes.
struct Decoded {
    var records: [FlowRecord] = []
    var outcomes: [LineOutcome] = []
    var summary = FlowDecoder().summary

    init(_ bytes: [UInt8], chunk: Int = 1 << 16, observedAt: Instant? = nil) {
        var decoder = FlowDecoder(observedAt: observedAt)
        bytes.withUnsafeBytes { all in
            var start = 0
            while start < all.count {
                let end = min(start + chunk, all.count)
                decoder.feed(UnsafeRawBufferPointer(rebasing: all[start..<end])) { line in
                    outcomes.append(line.outcome)
                    if case .record(let record) = line.outcome { records.append(record) }
                }
                start = end
            }
        }
        decoder.finish { line in
            outcomes.append(line.outcome)
            if case .record(let record) = line.outcome { records.append(record) }
        }
        summary = decoder.summary
    }

    init(_ text: String, chunk: Int = 1 << 16, observedAt: Instant? = nil) {
        self.init(Array(text.utf8), chunk: chunk, observedAt: observedAt)
    }

    /// The reason for which the only line was refused or held back.
    var refusal: RefusalReason? {
        guard outcomes.count == 1 else { return nil }
        switch outcomes[0] {
        case .refused(let reason), .partial(let reason): return reason
        case .record, .otherStream, .header, .comment: return nil
        }
    }
}

/// Lines of each format.
///
/// Written by the tools themselves: Zeek (zeek/apt29-day1 and Zeek's manual) and conntrack-tools 1.4.7 on kernel 6.18 in
/// two network namespaces, with a destination NAT from 10.9.0.99:80 to 10.9.0.2:8080. Those of AWS are made after the
/// *VPC User Guide*, "Flow log record examples" (docs.aws.amazon.com/vpc/latest/userguide/
/// flow-logs-records-examples.html), with addresses of our own.
enum Samples {
    static let zeekJSON = """
        {"@stream":"conn","@system":"sensor-a","@proc":"zeek","ts":1588205199.82437,"uid":"Cvf4XX17hSAgXDdGEd",\
        "id_orig_h":"10.0.1.6","id_orig_p":54243,"id_resp_h":"10.0.0.4","id_resp_p":53,"proto":"udp","service":"dns",\
        "duration":0.001528024673461914,"orig_bytes":39,"resp_bytes":55,"conn_state":"SF","missed_bytes":0,\
        "history":"Dd","orig_pkts":1,"orig_ip_bytes":67,"resp_pkts":1,"resp_ip_bytes":83,\
        "orig_l2_addr":"00:0d:3a:13:e3:69","resp_l2_addr":"12:34:56:78:9a:bc"}
        """
    static let zeekTSV = """
        #separator \\x09
        #set_separator\t,
        #empty_field\t(empty)
        #unset_field\t-
        #path\tconn
        #open\t2020-04-30-00-06-39
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\t\
        conn_state\tlocal_orig\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents
        #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tcount\tstring\t\
        count\tcount\tcount\tcount\tset[string]
        1588205199.824370\tCvf4XX17hSAgXDdGEd\t10.0.1.6\t54243\t10.0.0.4\t53\tudp\tdns\t0.001528\t39\t55\tSF\t-\t0\tDd\t\
        1\t67\t1\t83\t(empty)
        1588205200.000000\tC1\t2001:db8::1\t128\t2001:db8::2\t129\ticmp\t-\t-\t-\t-\tOTH\t-\t0\t-\t1\t104\t0\t0\t(empty)
        """
    static let conntrack = """
        tcp      6 431998 ESTABLISHED src=10.9.0.1 dst=10.9.0.99 sport=36972 dport=80 packets=3 bytes=164 \
        src=10.9.0.2 dst=10.9.0.1 sport=8080 dport=36972 packets=2 bytes=114 [ASSURED] mark=0 delta-time=1 use=1
        """
    static let conntrackExtended = """
        ipv4     2 tcp      6 118 SYN_SENT src=10.9.0.1 dst=10.9.0.77 sport=53032 dport=81 packets=1 bytes=60 \
        [UNREPLIED] src=10.9.0.77 dst=10.9.0.1 sport=81 dport=53032 packets=0 bytes=0 mark=0 delta-time=1 \
        [start=Sun Nov 22 10:10:01 2026] use=2 id=2282870388
        """
    static let conntrackProc = """
        ipv6     10 tcp      6 59 CLOSE_WAIT src=fd00:0000:0000:0000:0000:0000:0000:0001 \
        dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=50702 dport=8080 packets=4 bytes=296 \
        src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=8080 \
        dport=50702 packets=3 bytes=226 [ASSURED] mark=0 zone=0 delta-time=1 use=2
        """
    static let conntrackUnknown = """
        unknown  253 599 src=10.9.0.1 dst=10.9.0.2 packets=1 bytes=28 [UNREPLIED] src=10.9.0.2 dst=10.9.0.1 packets=0 \
        bytes=0 mark=0 delta-time=0 use=1
        """
    static let conntrackICMP = """
        icmp     1 29 src=10.9.0.1 dst=10.9.0.2 type=8 code=0 id=4660 packets=1 bytes=84 src=10.9.0.2 dst=10.9.0.1 \
        type=0 code=0 id=4660 packets=1 bytes=84 mark=0 use=1
        """
    static let conntrackEvent =
        "[1795342201.288223]\t[DESTROY] ipv4     2 tcp      6 120 CLOSE src=10.9.0.1 dst=10.9.0.2 sport=39864 dport=81 "
        + "packets=1 bytes=60 [UNREPLIED] src=10.9.0.2 dst=10.9.0.1 sport=81 dport=39864 packets=1 bytes=40 delta-time=2"

    /// Default format without header: accepted, refused, nothing seen, flows lost.
    static let vpcDefault = """
        2 111122223333 eni-0a1b2c3d4e5f60718 10.1.16.139 10.1.16.21 20641 22 6 20 4249 1788000010 1788000070 ACCEPT OK
        2 111122223333 eni-0a1b2c3d4e5f60718 10.1.9.69 10.1.9.12 49761 3389 6 3 180 1788000010 1788000070 REJECT OK
        2 111122223333 eni-0a1b2c3d4e5f60718 - - - - - - - 1788000070 1788000130 - NODATA
        2 111122223333 eni-0a1b2c3d4e5f60718 - - - - - - - 1788000130 1788000190 - SKIPDATA
        """
    /// Version 5 in an order of its own: a client's request and the server's answer, both ends of a handshake.
    static let vpcCustom = """
        version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id \
        instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr \
        pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status
        5 198.51.100.7 10.1.0.71 80 34210 6 1788000092 1788000149 IPv4 14 15044 111122223333 vpc-1 subnet-1 i-1 eni-1 \
        eu-central-1 euc1-az3 - - ACCEPT 19 198.51.100.7 10.1.0.71 S3 - - ingress OK
        5 10.1.0.71 198.51.100.7 34210 80 6 1788000092 1788000149 IPv4 7 471 111122223333 vpc-1 subnet-1 i-1 eni-1 \
        eu-central-1 euc1-az3 - - ACCEPT 3 10.1.0.71 198.51.100.7 - S3 8 egress OK
        """

    static let normalised = """
        {"source":"10.9.0.1","sourcePort":36972,"destination":"10.9.0.2","destinationPort":8080,"protocol":"tcp",\
        "originalDestination":"10.9.0.99","originalDestinationPort":80,"start":"2026-11-22T10:10:02Z",\
        "end":"2026-11-22T10:10:03.000000001Z","initiatorPackets":3,"state":"established","stage":"alive","lifetime":7,\
        "direction":"conntrack"}
        """

    static let all: [(name: String, text: String)] = [
        ("zeek json", zeekJSON), ("zeek tsv", zeekTSV), ("conntrack", conntrack), ("extended", conntrackExtended),
        ("proc", conntrackProc), ("unknown protocol", conntrackUnknown), ("icmp", conntrackICMP),
        ("event", conntrackEvent), ("normalised", normalised), ("vpc default", vpcDefault),
        ("vpc custom", vpcCustom),
    ]
}
