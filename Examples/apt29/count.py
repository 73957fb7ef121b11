#!/usr/bin/env python3
"""Counts the connections of Zeek conn logs (JSON lines) by another way than Bulkhead's.

Records of different sensors with one five-tuple, whose times overlap or lie at most one second apart, are one
connection. Bytes are those of the IP layer, the larger count of the sensors. A TCP connection failed when nobody
answered it or a reset did.
"""

import json
import sys
from collections import defaultdict
from datetime import datetime, timezone

records = [json.loads(line) for name in sys.argv[1:] for line in open(name)]
records = [r for r in records if r["@stream"] == "conn"]


def end(r):
    return r["ts"] + (r.get("duration") or 0)


def together(r, other):
    return r["@system"] != other["@system"] and r["ts"] <= end(other) + 1 and other["ts"] <= end(r) + 1


connections = defaultdict(list)
for r in sorted(records, key=lambda r: r["ts"]):
    same = connections[r["proto"], r["id_orig_h"], r["id_orig_p"], r["id_resp_h"], r["id_resp_p"]]
    for connection in same:
        if any(together(r, x) for x in connection) and all(x["@system"] != r["@system"] for x in connection):
            connection.append(r)
            break
    else:
        same.append([r])

edges, subnets = defaultdict(list), defaultdict(list)
for (proto, source, _, destination, port), group in connections.items():
    edges[source, destination, f"{proto}/{port}"] += group
    subnets[source.rsplit(".", 1)[0] + ".0/24", destination.rsplit(".", 1)[0] + ".0/24", ""] += group


def show(name, group):
    unanswered = {"S0", "SH", "RSTOS0", "REJ"}
    failed = sum(c[0]["proto"] == "tcp" and all(r["conn_state"] in unanswered for r in c) for c in group)
    size = sum(max(r.get(k) or 0 for r in c) for c in group for k in ("orig_ip_bytes", "resp_ip_bytes"))
    last = max(end(r) for c in group for r in c)
    time = datetime.fromtimestamp(last, timezone.utc).strftime("%H:%M:%S")
    print(f"{name:40} {len(group):5} connections {failed:4} failed {size:10} bytes, last {time}")


everything = [c for group in edges.values() for c in group]
print(len(records), "records,", len(edges), "edges,", sum(len(c) > 1 for c in everything), "seen by both")
show("all", everything)
for part in (subnets, edges):
    print()
    for (source, destination, service), group in sorted(part.items(), key=lambda item: -len(item[1])):
        show(f"{source} > {destination} {service}", group)
