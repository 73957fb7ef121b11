"""Judges flows by SQL, as an analyst would: flows join workloads twice join policy rows.

Reads the columns that the benchmark wrote into the folder given as argument, asks DuckDB and ClickHouse (chDB), each on
one thread, and prints one JSON object: for each engine and question the CPU nanoseconds of each run and what it found.
The questions: how many flows are allowed, and, as the replay answers it, what is decided for each flow, as a column of
keys in the order of the flows.
"""

import json
import pathlib
import sys
import time

import duckdb
import numpy

REPEATS = 5
COUNT = """
    SELECT {count} FROM {at}flows f
    JOIN {at}workloads a ON f.src = a.address JOIN {at}workloads b ON f.dst = b.address
    LEFT JOIN {at}policy p ON p.src = a.class AND p.dst = b.class AND p.proto = f.proto AND p.port = f.port
    WHERE f.src <> f.dst
"""
EACH = """
    SELECT p.key FROM {at}flows f
    LEFT JOIN {at}workloads a ON f.src = a.address LEFT JOIN {at}workloads b ON f.dst = b.address
    LEFT JOIN {at}policy p ON p.src = a.class AND p.dst = b.class AND p.proto = f.proto AND p.port = f.port AND f.src <> f.dst
"""
TABLES = {
    "flows": [("src", "u4"), ("dst", "u4"), ("proto", "u1"), ("port", "u2")],
    "workloads": [("address", "u4"), ("class", "u4")],
    "policy": [("src", "u4"), ("dst", "u4"), ("proto", "u1"), ("port", "u2"), ("key", "u4")],
}


def columns(folder, table):
    return {name: numpy.fromfile(folder / f"{table}.{name}", dtype="<" + kind) for name, kind in TABLES[table]}


def measure(ask, check):
    ask()
    found = check()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        ask()
        times.append((time.process_time() - start) * 1e9)
        if check() != found:
            raise SystemExit("two runs of one query differ")
    return {"nanoseconds": times, "found": found}


def duck(folder):
    database = duckdb.connect()
    database.execute("SET threads = 1")
    for table in TABLES:
        data = columns(folder, table)
        database.register("incoming", data)
        database.execute(f"CREATE TABLE {table} AS SELECT *, 1::UTINYINT AS one FROM incoming")
        database.unregister("incoming")
        database.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    def one(query):
        return database.execute(query).fetchone()[0]
    count = COUNT.format(count="count(p.one)", at="")
    return {
        "allowed flows": measure(lambda: one(count), lambda: one(count)),
        "each flow's decision": measure(
            lambda: database.execute("CREATE OR REPLACE TABLE decided AS " + EACH.format(at="")),
            lambda: int(one("SELECT sum(key) FROM decided"))),
    }


def clickhouse(folder):
    import chdb.session

    session = chdb.session.Session()
    session.query("CREATE DATABASE bench ENGINE = Atomic")
    for table in TABLES:
        source = f"file('{folder / table}.parquet', Parquet)"
        session.query(f"CREATE TABLE bench.{table} ENGINE = Memory AS SELECT * FROM {source}")
    single = " SETTINGS max_threads = 1"
    def one(query):
        return int(str(session.query(query, "CSV")).strip())
    def decide():
        session.query("DROP TABLE IF EXISTS bench.decided")
        session.query("CREATE TABLE bench.decided ENGINE = Memory AS " + EACH.format(at="bench.") + single + ", join_use_nulls = 1")
    count = COUNT.format(count="sum(p.one)", at="bench.") + single
    return {
        "allowed flows": measure(lambda: one(count), lambda: one(count)),
        "each flow's decision": measure(decide, lambda: one("SELECT sum(key) FROM bench.decided")),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    result = {f"DuckDB {duckdb.__version__}": duck(folder)}
    import chdb

    result[f"ClickHouse in chDB {chdb.__version__}"] = clickhouse(folder)
    print(json.dumps(result))


main()
