"""Measures everything and writes RESULTS.md. Called by `make bench`, which builds and installs what is measured."""

import json
import os
import subprocess
import sys
import time

import cold_start
import side_by_side
from local import BUILT, ROOT, SIZES, machine, which
from side_by_side import BARE, RECEIVER

RESULTS = ROOT / "benches/RESULTS.md"
# Criterion's estimate; `make bench` has it made first.
CPU_4_KB = BUILT / "criterion/body_to_item/4kb/new/estimates.json"


def main():
    rounds, starts = int(os.environ.get("ROUNDS", 40)), int(os.environ.get("STARTS", 10))
    begin = time.monotonic()
    functions = side_by_side.measure(rounds, starts)
    variants = cold_start.measure(starts)
    sections = [
        "# Results",
        f"Written by `make bench` on {machine()}, in {time.monotonic() - begin:.0f} s; {versions()}. What is measured, and "
        "how, is in [README.md](README.md).",
        "## Side by side",
        f"Milliseconds; in brackets the ratio to the bare function. First response: median of {starts}. Warm: "
        f"{rounds * side_by_side.BATCH} events of each kind.",
        side_by_side_table(functions),
        "## First response at a CPU share of 7 %",
        *cold_start_section(variants, starts),
        "## Limits",
        limits_table(functions, variants),
    ]
    text = "\n\n".join(sections) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def versions():
    node = subprocess.run([which("node"), "--version"], capture_output=True, text=True).stdout.strip()
    return f"Python {'.'.join(map(str, sys.version_info[:2]))}, Node {node.lstrip('v').split('.')[0]}"


def side_by_side_table(functions):
    def compared(figure):
        bare = functions[BARE][figure]
        values = [figures[figure] for figures in functions.values()]
        return [figure, *(f"{value:.2f} ({value / bare:.2f})" for value in values)]

    def plain(figure, label, form):
        return [label, *(form.format(figures[figure]) for figures in functions.values())]

    warm = [f"{size}, {what}, {percent}" for size in SIZES for what in ("new", "duplicate") for percent in ("p50", "p99")]
    return table(
        ["", *functions],
        [
            compared("first response"),
            *map(compared, warm),
            plain("memory", "resident memory, peak, MB", "{:.1f}"),
            plain("package", "package, MB", "{:.1f}"),
            plain("zip", "package as ZIP, MB", "{:.1f}"),
        ],
    )


def cold_start_section(variants, starts):
    if variants is None:
        return ["Not measured: setting a CPU quota takes root."]
    rows = [[name, *(f"{value:.1f}" for value in figures.values())] for name, figures in variants.items()]
    head = ["", "INIT, with a whole core", "first response", "DynamoDB's part of it", "second response"]
    return [f"Milliseconds, medians of {starts}; DynamoDB over TLS.", table(head, rows)]


def limits_table(functions, variants):
    receiver = functions[RECEIVER]
    to_bare = {figure: value / functions[BARE][figure] for figure, value in receiver.items()}
    cpu = json.loads(CPU_4_KB.read_text())["median"]["point_estimate"] / 1000
    rows = [
        *(limit(f"warm p50, {size}, to the bare function", to_bare[f"{size}, new, p50"], 1.10, "") for size in SIZES),
        limit("first response, to the bare function", to_bare["first response"], 1.25, ""),
        limit("resident memory", receiver["memory"], 16, " MB"),
        limit("stripped binary", receiver["package"], 8, " MB"),
        limit("CPU from body to ready item, 4 KB", cpu, 30, " µs"),
    ]
    if variants:
        name = "first response at a CPU share of 7 %, over TLS"
        rows.insert(3, limit(name, variants[cold_start.RECEIVER]["first"], 5, " ms"))
    return table(["figure", "limit", "measured", ""], rows)


def limit(figure, measured, most, unit):
    return [figure, f"{most:g}{unit}", f"{measured:.2f}{unit}", "holds" if measured <= most else "**exceeded**"]


def table(head, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    main()
