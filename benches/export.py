"""Compares `kaizala export` and `kaizala report` with zcat and with DuckDB over the same export files, each in processes of
its own, one after the other.

`kaizala export` writes all tables, DuckDB (export.sql) the table `answers` alone; zcat, one process per processor, does nothing
but unpack. Prints seconds, CPU seconds, both as ratios to zcat, and peak memory. Exit code 1 when `kaizala export` is slower
than DuckDB, or memory is over its limit. Called by `make bench-export`, which builds the command and installs DuckDB.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_PEAK_MB = {"kaizala export": 500, "kaizala report": 130}
# What is aimed at: time and CPU time, to zcat's.
GOAL = 1.6


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

    data = next(export.glob("AWSDynamoDB/*/data"))
    tables, report = arguments.folder / "tables", arguments.folder / "report.html"
    commands = {
        "zcat": ["sh", "-c", f"printf '%s\\n' {data}/*.json.gz | xargs -P {os.cpu_count()} -n 1 zcat"],
        "kaizala export": [arguments.kaizala, "export", "--from", export, "--out", tables, "--format", "parquet"],
        "kaizala report": [arguments.kaizala, "report", "--from", export, "--out", report],
        "DuckDB": [sys.executable, "-c", DUCKDB, data / "*.json.gz", ROOT / "benches" / "export.sql"],
    }
    best = {}
    for name, command in list(commands.items()) * arguments.rounds:
        best[name] = min(best.get(name, (float("inf"), 0, 0)), run(command, arguments.folder))
    zcat_seconds, zcat_cpu, _ = best["zcat"]
    print("| | seconds | to zcat | CPU seconds | to zcat | peak MB |\n| --- | --- | --- | --- | --- | --- |")
    for name, (seconds, cpu, peak) in best.items():
        print(f"| {name} | {seconds:.1f} | {seconds / zcat_seconds:.2f} | {cpu:.1f} | {cpu / zcat_cpu:.2f} | {peak:.0f} |")
    ratio = best["kaizala export"][0] / best["DuckDB"][0]
    print(f"\nThe goal of export and report is {GOAL} to zcat.")
    print(f"kaizala export takes {ratio:.2f} of DuckDB's time, for all tables instead of one.")
    ours, theirs = rows(tables / "answers.parquet"), rows(arguments.folder / "answers.parquet")
    print(f"Rows of answers: {ours}, by DuckDB {theirs}.")
    too_large = [name for name, limit in MAX_PEAK_MB.items() if best[name][2] > limit]
    if ratio > 1 or too_large:
        sys.exit("kaizala export is slower than DuckDB" if ratio > 1 else f"too much memory: {', '.join(too_large)}")


DUCKDB = """
import duckdb, sys
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
connection.execute("SET preserve_insertion_order = false")
connection.execute("SET VARIABLE files = ?", [sys.argv[1]])
connection.execute(open(sys.argv[2]).read())
"""


def run(command, folder=None):
    """Seconds, seconds of CPU time and peak memory in MB of a command and what it starts."""
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
