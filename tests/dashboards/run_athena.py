"""Runs the Athena views of template.yaml over the Parquet files of a lake, translated to DuckDB, and compares their rows with
those that `kaizala export` marks as the latest or sums up; then the queries of the Grafana dashboard.

    run_athena.py --lake FOLDER --export FOLDER

The lake is the bucket as a folder, the export one of NDJSON over the same events. Tables and views are those of the
template. Exit code 1 and a line for each difference when there are any.
"""

import argparse
import json
import pathlib
import re
import sys

import duckdb
import sqlglot
import yaml

from fixture import ROOT, as_json, plain

GRAFANA = ROOT / "dashboards/grafana/kaizala.json"
DUCKDB = {"string": "VARCHAR", "bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP"}
PRESTO = {"string": "varchar"}

# Functions, and constructs that look like them. Each was looked up in the documentation of Trino, which Athena's engine
# version 3 is based on: that DuckDB runs a translation does not prove that Athena knows the original.
KNOWN_TO_ATHENA = {
    "array", "array_agg", "coalesce", "count", "date_trunc", "json_format", "json_parse", "max", "max_by", "min", "row_number",
    "sum",
}
# The views that sum over many items, which the export has as files.
SUMMED = {"cards", "groups", "people"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--lake", type=pathlib.Path, required=True)
    arguments.add_argument("--export", type=pathlib.Path, required=True)
    arguments = arguments.parse_args()

    definitions = glue_tables()
    views = [table for table in definitions if table["TableType"] == "VIRTUAL_VIEW"]
    database = duckdb.connect()
    complaints = [*create_tables(database, definitions, arguments.lake), *create_views(database, views)]
    for view in views:
        complaints += compare(database, view["Name"], arguments.export)
    complaints += unanswered_panels(database)

    print("\n".join(complaints) or f"{len(views)} views return the expected rows")
    sys.exit(1 if complaints else 0)


def create_tables(database, definitions, lake):
    for table in definitions:
        if table["TableType"] == "EXTERNAL_TABLE":
            yield from create_table(database, table, lake)


def create_views(database, views):
    # A view may stand on another: it comes when those are there.
    waiting = list(views)
    while waiting:
        names = {view["Name"] for view in waiting}
        ready = [view for view in waiting if not names - {view["Name"]} & words_of(view)]
        for view in ready:
            yield from create_view(database, view)
        waiting = [view for view in waiting if view not in ready]


def glue_tables():
    """The inputs of all Glue tables and views of the template."""

    class Tagged(yaml.SafeLoader):
        """Reads what CloudFormation's tags are put on, and forgets the tags."""

    def value(loader, _tag, node):
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        return (loader.construct_mapping if isinstance(node, yaml.MappingNode) else loader.construct_sequence)(node, deep=True)

    Tagged.add_multi_constructor("!", value)
    template = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Tagged)
    resources = template["Resources"].values()
    return [resource["Properties"]["TableInput"] for resource in resources if resource["Type"] == "AWS::Glue::Table"]


def columns_of(table):
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def create_table(database, table, lake):
    """The table as Glue describes it: its columns by name, its partitions out of the path."""
    name, columns = table["Name"], columns_of(table)
    parameters = table["Parameters"]
    location = table["StorageDescriptor"]["Location"]
    if parameters["storage.location.template"] != f"{location}day=${{!day}}/":
        yield f"{name}: the partitions do not lie in its location"
    if table["PartitionKeys"] != [{"Name": "day", "Type": "string"}] or parameters["projection.day.format"] != "yyyy-MM-dd":
        yield f"{name}: is not partitioned by day"
    folder = lake / location.removeprefix("s3://${ExportsBucket}/")
    if not list(folder.glob("day=*/*.parquet")):
        empty = ", ".join(f'NULL::{DUCKDB[kind]} AS "{column}"' for column, kind in {**columns, "day": "string"}.items())
        database.execute(f"CREATE TABLE {name} AS SELECT {empty} LIMIT 0")
        return
    source = f"read_parquet('{folder}/day=*/*.parquet', union_by_name = true, hive_types = {{day: VARCHAR}})"
    found = described(database, f"SELECT * FROM {source}")
    expected = {column: DUCKDB[kind] for column, kind in columns.items()} | {"day": "VARCHAR"}
    if found != expected:
        yield f"{name}: its files have {found}, the template has {expected}"
    # Times are UTC, and Athena shows them without a zone.
    selected = ", ".join(
        f'"{column}" AT TIME ZONE \'UTC\' AS "{column}"' if kind == "timestamp" else f'"{column}"'
        for column, kind in columns.items()
    )
    database.execute(f"CREATE VIEW {name} AS SELECT {selected}, day FROM {source}")


def described(database, sql):
    rows = database.execute(f"DESCRIBE {sql}").fetchall()
    return {row[0]: row[1].removesuffix(" WITH TIME ZONE").removesuffix("_MS") for row in rows}


def presto_view(table):
    """What Athena finds in the comment that a view is."""
    [text, values] = table["ViewOriginalText"]
    assert text == "/* Presto View: ${view} */", text
    return json.loads(values["view"]["Fn::Sub"].replace("${AthenaDatabase}", "kaizala"))


def words_of(view):
    return set(re.findall(r"(?:FROM|JOIN) (\w+)", presto_view(view)["originalSql"]))


def create_view(database, table):
    name, view, columns = table["Name"], presto_view(table), columns_of(table)
    sql = view["originalSql"]
    yield from not_for_athena(name, sql)
    statement = sqlglot.parse_one(sql, read="athena")
    database.execute(f"CREATE VIEW {name} AS {statement.sql(dialect='duckdb', unsupported_level=sqlglot.ErrorLevel.RAISE)}")
    # Athena refuses a view whose columns are not those of its query, in their order.
    found = list(described(database, f"SELECT * FROM {name}").items())
    if found != [(column, DUCKDB[kind]) for column, kind in columns.items()]:
        yield f"{name}: selects {found}, and has the columns {columns}"
    said = [(column["name"], column["type"]) for column in view["columns"]]
    if said != [(column, PRESTO.get(kind, kind)) for column, kind in columns.items()]:
        yield f"{name}: the view says {said}, and has the columns {columns}"
    if (view["catalog"], view["schema"]) != ("awsdatacatalog", "kaizala"):
        yield f"{name}: looks for its tables elsewhere"


def not_for_athena(where, sql):
    """What Athena would refuse, or may, and DuckDB runs."""
    if ";" in sql or re.search("at time zone|current_timestamp", sql, re.IGNORECASE):
        yield f"{where}: Athena wants one statement, and takes no time with a zone in views"
    yield from unknown_functions(where, sql)


def unknown_functions(where, sql):
    code = re.sub(r"--.*|'[^']*'|\$\w+", "", sql)
    for name in sorted(set(re.findall(r"\b([a-z_0-9]+)\(", code)) - KNOWN_TO_ATHENA):
        yield f"{where}: {name}() is not known to be a function of Athena; look it up and add it here"


def compare(database, view, export):
    """The rows of a view, with what the export says is the latest."""
    result = database.execute(f"SELECT * {'' if view in SUMMED else 'EXCLUDE (day)'} FROM {view}")
    names = [column[0] for column in result.description]
    found = sorted(as_json(dict(zip(names, map(plain, row)))) for row in result.fetchall())
    rows = [json.loads(line) for line in (export / f"{view.removeprefix('latest_')}.ndjson").open(encoding="utf-8")]
    latest = (
        {name: value for name, value in row.items() if name != "is_latest"} for row in rows if row.get("is_latest", True)
    )
    expected = sorted(map(as_json, latest))
    if not expected or (view not in SUMMED and len(expected) == len(rows)):
        yield f"{view}: nothing was edited, so that nothing is proven"
    for row in sorted(set(expected) - set(found))[:5]:
        yield f"{view}: missing    {row}"
    for row in sorted(set(found) - set(expected))[:5]:
        yield f"{view}: unexpected {row}"
    if len(found) != len(expected):
        yield f"{view}: {len(found)} rows instead of {len(expected)}"


def unanswered_panels(database):
    """The panels of the Grafana dashboard that have nothing to show, or whose query fails."""
    dashboard = json.loads(GRAFANA.read_text(encoding="utf-8"))
    # Rounded, so that a query reads the same all day long, and Athena can use its result again.
    if dashboard["time"] != {"from": "now-90d/d", "to": "now/d"}:
        yield "Grafana: the period is not one of whole days"
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield from unknown_functions(f"Grafana, {panel['title']}", target["rawSQL"])
    for title, sql in panel_queries(database):
        # A count may be zero, a chart may not be empty.
        if not database.execute(sql).fetchall():
            yield f"Grafana, {title}: there is nothing to show"


def panel_queries(database):
    """The queries of the Grafana dashboard by the titles of their panels, as DuckDB runs them, for all groups and a year."""
    dashboard = json.loads(GRAFANA.read_text(encoding="utf-8"))
    [group] = dashboard["templating"]["list"]
    groups = database.execute(group["query"]["rawSQL"]).fetchall()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            # What the data source's macros and the dashboard's variable stand for.
            sql = re.sub(
                r"\$__timeFilter\((\w+)\)",
                r"\1 BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2023-12-31 00:00:00'",
                target["rawSQL"],
            )
            sql = sql.replace("$__rawTimeFrom('yyyy-MM-dd')", "'2023-01-01'")
            sql = sql.replace("${group:singlequote}", ", ".join(f"'{id}'" for (id,) in groups))
            statement = sqlglot.parse_one(sql, read="athena")
            yield panel["title"], statement.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)


if __name__ == "__main__":
    main()
