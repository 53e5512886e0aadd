"""Runs the recipes of dashboards/duckdb: over Parquet files of the rows of tests/fixtures/export, made here or, with the argument
--tables FOLDER, by `kaizala export`; or, with --lake FOLDER --export FOLDER, over the tables of a lake, compared with an export
of the same events as NDJSON.

Exit code 1 and a line for each difference from the expected rows when there are any.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import duckdb

from fixture import FIXTURE, ROOT, TABLES, column_type, differences, expected_rows

RECIPES = ROOT / "dashboards/duckdb"

# Of the charts, some rows that can be counted by hand in the expected tables.
COUNTED = {
    "SELECT sum(events) FROM events_per_day WHERE day = '2023-03-06'": (33,),
    "SELECT responses, responders FROM responses_per_action WHERE title = 'After the training'": (2, 1),
    "SELECT answers FROM choices WHERE question_title = 'Open on Sunday' AND choice = 'No'": (1,),
    "SELECT count(*) FROM choices WHERE question_title = 'Open on Sunday' AND choice = 'Yes'": (0,),
    "SELECT answers, largest FROM numbers WHERE question_title = 'Seats' AND action_id LIKE 'f04c99f8%'": (1, 14.0),
    "SELECT count(*), count_if(is_completed) FROM job_status WHERE title = 'Repair the pump'": (2, 1),
    "SELECT count(*), count_if(is_completed) FROM job_status WHERE title = 'Sweep'": (2, 1),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tables", type=pathlib.Path, help="folder of <table>.parquet")
    arguments.add_argument("--lake", type=pathlib.Path, help="folder of <table>/day=<day>/*.parquet")
    arguments.add_argument("--export", type=pathlib.Path, help="folder of <table>.ndjson")
    arguments = arguments.parse_args()
    if arguments.lake:
        complaints = lake(arguments.lake, arguments.export)
    elif arguments.tables:
        complaints = parquet(arguments.tables)
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_parquet(pathlib.Path(folder))
            complaints = benchmark() + parquet(folder)
    print("\n".join(complaints) or "all recipes return the expected rows")
    sys.exit(1 if complaints else 0)


def lake(folder, export):
    database = duckdb.connect()
    database.execute(f"SET VARIABLE lake = '{folder}'")
    database.execute((RECIPES / "lake.sql").read_text(encoding="utf-8"))
    complaints = []
    for table in TABLES:
        rows = [json.loads(line) for line in (export / f"{table}.ndjson").open(encoding="utf-8")]
        if not rows:
            if (count := database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]):
                complaints.append(f"{table}: {count} rows, and none in the export")
            continue
        # The columns in the order of the export; the lake has one more.
        names = ", ".join(rows[0])
        result = without_zones(database, f"(SELECT {names} FROM {table})")
        complaints += differences(table, result, rows)
    return complaints


def benchmark():
    """The SQL that `kaizala export` is compared with finds the same versions to be the latest."""
    export = max((FIXTURE / "2023-03-08/AWSDynamoDB").iterdir())
    sql = (ROOT / "benches/export.sql").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        database = duckdb.connect()
        database.execute(f"SET VARIABLE files = '{export}/data/*.json.gz'")
        database.execute(sql.replace("'answers.parquet'", f"'{folder}/answers.parquet'"))
        found = dict(database.execute(f"SELECT event_key, is_latest FROM '{folder}/answers.parquet'").fetchall())
    # Answers to polls and meetings in a form that the generator does not make.
    plain = ("PollResponse#", "LetsMeetResponse#")
    expected = {
        row["event_key"]: row["is_latest"]
        for row in expected_rows("answers", unpacked=False)
        if not row["event_key"].startswith(plain)
    }
    return [f"export.sql: {key} is {found.get(key)}" for key in expected if found.get(key) != expected[key]]


def parquet(folder):
    database = run("parquet.sql", "tables", folder)
    complaints = []
    for table in TABLES:
        complaints += differences(table, without_zones(database, table), expected_rows(table))
    database.execute((RECIPES / "charts.sql").read_text(encoding="utf-8"))
    for query, expected in COUNTED.items():
        if (found := database.execute(query).fetchone()) != expected:
            complaints.append(f"{query}: {found} instead of {expected}")
    return complaints


def without_zones(database, table):
    """A table with its times as plain ones in UTC, in whichever of the two forms Parquet has them."""
    columns = database.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {table})").fetchall()
    selected = [
        f'"{name}" AT TIME ZONE \'UTC\' AS "{name}"' if kind.endswith("TIME ZONE") else f'"{name}"'
        for name, kind in columns
    ]
    return database.execute(f"SELECT {', '.join(selected)} FROM {table}")


def run(recipe, variable, value):
    database = duckdb.connect()
    database.execute(f"SET VARIABLE {variable} = '{value}'")
    database.execute((RECIPES / recipe).read_text(encoding="utf-8"))
    return database


def write_parquet(folder):
    """The expected rows as the export command would write them."""
    for table in TABLES:
        rows = FIXTURE / "expected" / f"{table}.ndjson"
        # Of a table without rows, the columns that all have.
        columns = next(iter(expected_rows(table)), ["group_id", "event_id", "event_key", "received_at"])
        types = {name: column_type(name) for name in columns}
        relation = duckdb.read_json(str(rows), columns=types, format="newline_delimited")
        relation.write_parquet(str(folder / f"{table}.parquet"))


main()
