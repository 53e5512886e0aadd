"""Runs the Athena views of dashboards/athena over tests/fixtures/export, translated to DuckDB, and compares their rows; then
the queries of the Grafana dashboard over the views.

The SQL is that of the deployed files, and the table they read is made from the Glue table's definition in stack.yaml. What
DuckDB means otherwise by the same words is translated here to what Trino means by them. Exit code 1 and a line for each
difference when there are any.
"""

import gzip
import json
import re
import sys
import tempfile

import duckdb
import sqlglot
import yaml
from sqlglot import exp

from fixture import FIXTURE, ROOT, TABLES, differences, expected_rows

ATHENA = ROOT / "dashboards/athena"
GRAFANA = ROOT / "dashboards/grafana/kaizala.json"
# The day of the export that is still running: the newest complete one is of the day before.
TODAY = "2023-03-09"
LATER = "2023-03-12"  # No complete export in the last three days.

# Functions, and constructs and types that look like them. Each was looked up in the documentation of Trino, which Athena's
# engine version 3 is based on: that DuckDB runs a translation does not prove that Athena knows the original.
KNOWN_TO_ATHENA = set(
    """abs array array_distinct cardinality cast chr coalesce concat_ws count date_add date_parse date_trunc filter floor from_base64
    from_iso8601_timestamp is_finite json_extract json_extract_scalar json_format least length lower max max_by nullif
    regexp_like regexp_replace replace round row_number starts_with substr to_unixtime to_utf8 transform trim try try_cast
    unnest upper""".split()
)

TRINO_IN_DUCKDB = """
-- Null for objects, arrays and what is no JSON; DuckDB's gives the text of the first two and fails at the third.
CREATE MACRO trino_json_extract_scalar(json, path) AS
  CASE
    WHEN NOT json_valid(json) THEN NULL
    WHEN json_type(json, path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(json, path)
  END;
CREATE MACRO is_finite(x) AS isfinite(x);
"""


def main():
    complaints = list(not_for_athena())
    database = duckdb.connect()
    database.execute(TRINO_IN_DUCKDB)
    load_export_table(database)
    create_views(database, TODAY)
    for table in TABLES:
        result = database.execute(f"SELECT * FROM {table}")
        complaints += differences(table, result, expected_rows(table, unpacked=False))
    views = {file.stem for file in ATHENA.glob("*.sql") if "-" not in file.stem}
    complaints += [f"{table}: no view or no expected rows" for table in views ^ set(TABLES)]

    day, exported_at, count = database.execute(
        "SELECT dt, exported_at::VARCHAR, item_count FROM newest_export"
    ).fetchone()
    if (day, exported_at, count) != ("2023-03-08", "2023-03-08 02:00:03.512", 75):
        complaints.append(f"newest_export: {day}, {exported_at}, {count} items")
    complaints += unanswered_panels(database)
    create_views(database, LATER)
    if database.execute("SELECT count(*) FROM items").fetchone() != (0,):
        complaints.append("items: an export of more than three days ago, or one without a manifest, was read")

    print("\n".join(complaints) or f"{len(TABLES)} views return the expected rows")
    sys.exit(1 if complaints else 0)


def not_for_athena():
    """What Athena would refuse, or may, and DuckDB runs."""
    for file in sorted(ATHENA.glob("*.sql")):
        sql = file.read_text(encoding="utf-8")
        # It wants one statement, tells by its first word which parser to ask, and has been seen to count semicolons in
        # comments.
        if ";" in sql or not sql.startswith(f"CREATE OR REPLACE VIEW {file.stem.split('-')[-1]} AS\n"):
            yield f"{file.name}: is to begin with CREATE OR REPLACE VIEW and its name, and to hold no semicolon"
        if re.search("at time zone|current_timestamp", sql, re.IGNORECASE):
            yield f"{file.name}: Athena casts no timestamp with time zone to timestamp, and takes none in views"
        yield from unknown_functions(file.name, sql)


def unknown_functions(where, sql):
    code = re.sub(r"--.*|'[^']*'|\$\w+", "", sql)
    for name in sorted(set(re.findall(r"\b([a-z_0-9]+)\(", code)) - KNOWN_TO_ATHENA):
        yield f"{where}: {name}() is not known to be a function of Athena; look it up and add it here"


def load_export_table(database):
    """The table dynamodb_export as the SerDe makes it: every line of every file, manifests too, is a row."""
    definition = export_table()
    columns = [(column["Name"], duckdb_type(column["Type"])) for column in definition["StorageDescriptor"]["Columns"]]
    assert [key["Name"] for key in definition["PartitionKeys"]] == ["dt"]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as rows:
        for export in sorted(FIXTURE.glob("20*")):
            location = definition["Parameters"]["storage.location.template"].replace("${!dt}", export.name)
            for path, line in lines_of(export):
                members = serde(line)
                row = {"dt": export.name, "$path": f"{location}{path}"} | {
                    name: members.get(name) for name, _ in columns
                }
                rows.write(json.dumps(row) + "\n")
        rows.flush()
        types = {"dt": "VARCHAR", "$path": "VARCHAR"} | dict(columns)
        database.read_json(rows.name, columns=types, format="newline_delimited").create("dynamodb_export")
    check_prefixes(database)


def export_table():
    class Tagged(yaml.SafeLoader):
        """Reads what CloudFormation's tags are put on, and forgets the tags."""

    Tagged.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))
    stack = yaml.load((ATHENA / "stack.yaml").read_text(encoding="utf-8"), Tagged)
    return stack["Resources"]["ExportTable"]["Properties"]["TableInput"]


def duckdb_type(hive):
    words = {"struct<": "STRUCT(", ">": ")", ":": " ", "string": "VARCHAR", "bigint": "BIGINT"}
    return re.sub("|".join(words), lambda word: words[word[0]], hive)


def lines_of(export):
    """All lines below a folder, of the files that Athena does not take for hidden."""
    for file in sorted(export.rglob("*")):
        if file.is_file() and not file.name.startswith(("_", ".")):
            read = gzip.open if file.suffix == ".gz" else open
            with read(file, "rt", encoding="utf-8") as text:
                for line in text:
                    yield file.relative_to(export).as_posix(), line


def serde(line):
    """OpenX's JSON SerDe, with names in lower case and malformed lines as rows of nulls."""
    try:
        return json.loads(line, object_pairs_hook=lambda members: {name.lower(): value for name, value in members})
    except ValueError:
        return {}


def check_prefixes(database):
    """The partitions lie where the exports go: the schedule's prefix is what DynamoDB notes in its manifests."""
    for manifest in FIXTURE.rglob("manifest-summary.json"):
        prefix = json.loads(manifest.read_text(encoding="utf-8"))["s3Prefix"]
        found = database.execute(
            'SELECT count(*) FROM dynamodb_export WHERE "$path" LIKE ?', [f"%/{prefix}/AWSDynamoDB/%"]
        )
        assert found.fetchone()[0] > 0, f"no partition lies at {prefix}"


def create_views(database, today):
    for file in sorted(ATHENA.glob("*.sql")):
        database.execute(translated(file.read_text(encoding="utf-8"), today))


def translated(sql, today):
    statement = sqlglot.parse_one(sql, read="athena").transform(as_trino_means_it, today)
    return statement.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)


def unanswered_panels(database):
    """The panels of the Grafana dashboard that have nothing to show for the fixture, or whose query fails."""
    dashboard = json.loads(GRAFANA.read_text(encoding="utf-8"))
    [group] = dashboard["templating"]["list"]
    groups = database.execute(group["query"]["rawSQL"]).fetchall()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield from unknown_functions(f"Grafana, {panel['title']}", target["rawSQL"])
            # What the data source's macro and the dashboard's variable stand for.
            sql = re.sub(
                r"\$__timeFilter\((\w+)\)",
                r"\1 BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2023-12-31 00:00:00'",
                target["rawSQL"],
            ).replace("${group:singlequote}", ", ".join(f"'{id}'" for (id,) in groups))
            if not any(any(row) for row in database.execute(translated(sql, TODAY)).fetchall()):
                yield f"Grafana, {panel['title']}: there is nothing to show"


def as_trino_means_it(node, today):
    if isinstance(node, exp.CurrentDate):
        return exp.cast(exp.Literal.string(today), "date")
    if isinstance(node, exp.JSONExtractScalar):
        path = node.expression.sql(dialect="trino").strip("'")
        return exp.func("trino_json_extract_scalar", node.this, exp.Literal.string(path))
    if isinstance(node, exp.RegexpReplace):
        for literal in node.args["replacement"].find_all(exp.Literal):
            literal.args["this"] = re.sub(r"\$(\d)", r"\\\1", literal.this)
    # Bytes: DuckDB's length counts characters only.
    if isinstance(node, exp.Length) and isinstance(node.this, (exp.Encode, exp.FromBase64)):
        return exp.func("octet_length", node.this)
    return node


main()
