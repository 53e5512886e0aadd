"""Compares `kaizala export` with DuckDB over the same export files, each in a process of its own, one after the other.

`kaizala export` writes all tables, DuckDB (export.sql) the table `answers` alone. Prints seconds, events a second and
peak memory; exit code 1 when `kaizala export` is slower or takes more than 500 MB. Called by `make bench-export`, which
builds the command and installs DuckDB.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_PEAK_MB = 500


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kaizala", type=pathlib.Path, required=True, help="the command")
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "bench-export")
    arguments.add_argument("--rounds", type=int, default=2, help="the best of so many counts")
    arguments = arguments.parse_args()
    # Commands run in the folder.
    arguments.kaizala, arguments.folder = arguments.kaizala.resolve(), arguments.folder.resolve()

    export = arguments.folder / f"export-{arguments.events}"
    if not list(export.glob("AWSDynamoDB/*/manifest-summary.json")):
        shutil.rmtree(export, ignore_errors=True)
        export.mkdir(parents=True)
        run([arguments.kaizala, "simulate", "export", "--events", arguments.events, "--out", export])
    files = list(export.glob("AWSDynamoDB/*/data/*.json.gz"))
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    print(f"{arguments.events} events in {len(files)} files, {megabytes:.0f} MB gzipped, {os.cpu_count()} processors\n")

    ours = [arguments.kaizala, "export", "--from", export, "--out", arguments.folder / "tables", "--format", "parquet"]
    theirs = [sys.executable, "-c", DUCKDB, next(export.glob("AWSDynamoDB/*/data")) / "*.json.gz", ROOT / "benches" / "export.sql"]
    best = {}
    for name, command in [("kaizala export", ours), ("DuckDB", theirs)] * arguments.rounds:
        best[name] = min(best.get(name, (float("inf"), 0, 0)), run(command, arguments.folder))
    print(f"{'':<16}{'seconds':>8}{'of CPU':>8}{'events/s':>10}{'peak MB':>9}  answers")
    tables = {"kaizala export": arguments.folder / "tables" / "answers.parquet", "DuckDB": arguments.folder / "answers.parquet"}
    for name, (seconds, cpu, peak) in best.items():
        print(f"{name:<16}{seconds:8.1f}{cpu:8.1f}{arguments.events / seconds:10.0f}{peak:9.0f}  {rows(tables[name])} rows")
    (ours_seconds, _, ours_peak), (theirs_seconds, _, _) = best["kaizala export"], best["DuckDB"]
    print(f"\nkaizala export takes {ours_seconds / theirs_seconds:.2f} of DuckDB's time, for all tables instead of one.")
    if ours_seconds > theirs_seconds or ours_peak > MAX_PEAK_MB:
        sys.exit(f"kaizala export is slower, or takes more than {MAX_PEAK_MB} MB")


DUCKDB = """
import duckdb, sys
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
connection.execute("SET preserve_insertion_order = false")
connection.execute("SET VARIABLE files = ?", [sys.argv[1]])
connection.execute(open(sys.argv[2]).read())
"""


def run(command, folder=None):
    """Seconds, seconds of CPU time and peak memory in MB of a command."""
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} failed")
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6


def rows(file):
    import duckdb

    return duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchall()[0][0]


main()
