"""Judges flows by SQL, as an analyst would: flows join workloads twice join policy rows.

Reads the columns that the benchmark wrote into the folder given as argument, asks DuckDB and ClickHouse (chDB), each on
one thread, and prints one JSON object: for each engine the CPU nanoseconds of each run and the number of allowed flows.
"""

import json
import pathlib
import sys
import time

import duckdb
import numpy

REPEATS = 5
QUERY = """
    SELECT {count} FROM flows f
    JOIN workloads a ON f.src = a.address JOIN workloads b ON f.dst = b.address
    LEFT JOIN policy p ON p.src = a.class AND p.dst = b.class AND p.proto = f.proto AND p.port = f.port
    WHERE f.src <> f.dst
"""
TABLES = {
    "flows": [("src", "u4"), ("dst", "u4"), ("proto", "u1"), ("port", "u2")],
    "workloads": [("address", "u4"), ("class", "u4")],
    "policy": [("src", "u4"), ("dst", "u4"), ("proto", "u1"), ("port", "u2")],
}


def columns(folder, table):
    return {name: numpy.fromfile(folder / f"{table}.{name}", dtype="<" + kind) for name, kind in TABLES[table]}


def measure(ask):
    allowed = ask()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        if ask() != allowed:
            raise SystemExit("two runs of one query differ")
        times.append((time.process_time() - start) * 1e9)
    return {"nanoseconds": times, "allowed": allowed}


def duck(folder):
    database = duckdb.connect()
    database.execute("SET threads = 1")
    for table in TABLES:
        data = columns(folder, table)
        database.register("incoming", data)
        database.execute(f"CREATE TABLE {table} AS SELECT *, 1::UTINYINT AS one FROM incoming")
        database.unregister("incoming")
        database.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    query = QUERY.format(count="count(p.one)")
    return measure(lambda: database.execute(query).fetchone()[0])


def clickhouse(folder):
    import chdb.session

    session = chdb.session.Session()
    session.query("CREATE DATABASE bench ENGINE = Atomic")
    for table in TABLES:
        source = f"file('{folder / table}.parquet', Parquet)"
        session.query(f"CREATE TABLE bench.{table} ENGINE = Memory AS SELECT * FROM {source}")
    query = QUERY.format(count="sum(p.one)").replace("FROM flows", "FROM bench.flows")
    query = query.replace("JOIN workloads", "JOIN bench.workloads").replace("JOIN policy", "JOIN bench.policy")
    return measure(lambda: int(str(session.query(query + " SETTINGS max_threads = 1", "CSV")).strip()))


def main():
    folder = pathlib.Path(sys.argv[1])
    result = {f"DuckDB {duckdb.__version__}": duck(folder)}
    import chdb

    result[f"ClickHouse in chDB {chdb.__version__}"] = clickhouse(folder)
    print(json.dumps(result))


main()
