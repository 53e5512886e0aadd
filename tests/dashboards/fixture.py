"""What the tests of dashboards/ have in common: the rows that come of the newest export in tests/fixtures/export."""

import datetime
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURE = ROOT / "tests/fixtures/export"
TABLES = sorted(file.stem for file in (FIXTURE / "expected").glob("*.ndjson"))

# Two events and a quarantined body that are stored gzipped or in parts. SQL cannot unpack them: it has no rows for them in
# most tables, and in the others only what their items say.
PACKED = {
    "SurveyResponse#response-stored-as-gzip",
    "TextMessageCreated#message-stored-in-parts",
    "ae734697afdb35bb0a693b0b925167254f8baf014b220b0d1202e02392fa6a45",
}
OUT_OF_BODIES = {
    "events": {"from_user_name"},
    "responses": {"package_id", "responder_id", "responder", "responder_name", "is_anonymous"},
    "quarantine": {"bytes"},
}


def expected_rows(table, unpacked=True):
    """The rows of a table; with `unpacked` as the export command has them, without as far as SQL gets."""
    rows = map(json.loads, (FIXTURE / "expected" / f"{table}.ndjson").read_text(encoding="utf-8").splitlines())
    if unpacked:
        return list(rows)
    hidden = OUT_OF_BODIES.get(table)
    return [
        {name: None if row["event_key"] in PACKED and name in hidden else value for name, value in row.items()}
        for row in rows
        if row["event_key"] not in PACKED or hidden
    ]


def column_type(name):
    if name.endswith(("_at", "_seen")) or name == "answer_time":
        return "TIMESTAMP"
    if name.endswith("position") or name in ("bytes", "responses", "members_known"):
        return "BIGINT"
    if name in ("answer_number", "latitude", "longitude", "accuracy_m"):
        return "DOUBLE"
    return "BOOLEAN" if name.startswith("is_") else "VARCHAR"


def differences(table, result, expected):
    """Complaints about a result of DuckDB: names, order and types of the columns, and the rows in any order."""
    columns = [column[0] for column in result.description]
    types = [str(column[1]).removesuffix("_MS") for column in result.description]
    if types != (wanted := [column_type(name) for name in columns]):
        return [f"{table}: the columns {columns} are {types} and should be {wanted}"]
    found = sorted(as_json(dict(zip(columns, map(plain, row)))) for row in result.fetchall())
    expected = sorted(map(as_json, expected))
    complaints = [f"{table}: missing    {row}" for row in sorted(set(expected) - set(found))]
    complaints += [f"{table}: unexpected {row}" for row in sorted(set(found) - set(expected))]
    if not complaints and found != expected:
        complaints.append(f"{table}: {len(found)} rows instead of {len(expected)}")
    return complaints


def as_json(row):
    return json.dumps(row, ensure_ascii=False)


def plain(value):
    """A value as NDJSON has it; times are UTC."""
    return value.isoformat(timespec="milliseconds") + "Z" if isinstance(value, datetime.datetime) else value
