"""Asks the questions of dashboards/duckdb/questions, and compares the answers with ones that are counted here, out of the
events themselves.

    run_questions.py --events FOLDER (--tables FOLDER | --lake FOLDER)

The events are an export of DynamoDB as a folder, the tables what `kaizala export --format parquet` makes of it, or the tables
of a lake. Exit code 1 and a line for each question that is answered wrongly, is longer than six lines, or has no counterpart
here.
"""

import argparse
import base64
import collections
import datetime
import gzip
import json
import pathlib
import sys

import duckdb

from fixture import ROOT

QUESTIONS = ROOT / "dashboards/duckdb/questions"
MAX_LINES = 6
TEXT = "Pump"
# Answers whose text is what was sent.
PLAIN = ("Text", "LargeText", "SingleOption", "MultiOption", "MultipleOption")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--events", type=pathlib.Path, required=True)
    arguments.add_argument("--tables", type=pathlib.Path)
    arguments.add_argument("--lake", type=pathlib.Path)
    arguments = arguments.parse_args()

    database = duckdb.connect()
    recipe, variable = ("lake.sql", "lake") if arguments.lake else ("parquet.sql", "tables")
    database.execute(f"SET VARIABLE {variable} = '{arguments.lake or arguments.tables}'")
    database.execute((ROOT / "dashboards/duckdb" / recipe).read_text(encoding="utf-8"))
    database.execute(f"SET VARIABLE text = '{TEXT}'")
    events = Events(arguments.events, database)
    complaints = []
    files = sorted(QUESTIONS.glob("*.sql"))
    if {file.stem for file in files} != set(ANSWERS):
        complaints.append(f"the questions are {[file.stem for file in files]}, those that are answered here {list(ANSWERS)}")
    for file in files:
        sql = file.read_text(encoding="utf-8")
        if len([line for line in sql.splitlines() if not line.startswith("--")]) > MAX_LINES:
            complaints.append(f"{file.name} has more than {MAX_LINES} lines")
        result = database.execute(sql)
        names = [column[0] for column in result.description]
        complaints += ANSWERS[file.stem](events, [dict(zip(names, row)) for row in result.fetchall()])
    print("\n".join(complaints) or f"{len(files)} questions are answered rightly")
    sys.exit(1 if complaints else 0)


class Events:
    """The events, as their bodies have them, with what the receiver knew besides: keys and times."""

    def __init__(self, folder, database):
        items = [item for file in sorted(folder.rglob("*.json.gz")) for item in map(as_item, gzip.open(file))]
        self.quarantined = [item for item in items if item["groupId"] == "quarantine"]
        parts = collections.defaultdict(bytes)
        for item in sorted(items, key=lambda item: item["eventKey"]):
            if "part" in item:
                parts[item["groupId"], item["eventKey"].rpartition("#part")[0]] += item["part"]
        self.all = [Event(item, parts) for item in items if "eventType" in item]
        known = {kind for (kind,) in database.execute("SELECT DISTINCT event_type FROM responses").fetchall()}
        assert {"ActionResponse", "SurveyResponse"} <= known, known
        self.responses = [event for event in self.all if event.type in known]
        self.jobs = [event for event in self.all if event.type == "JobCreated"]
        self.latest = newest(self.responses, lambda event: (event.group, event.response))
        answers = newest((event for event in self.all if event.type == "JobResponse"), lambda event: (event.group, event.response))
        done = {}
        for event in sorted(answers, key=lambda event: event.ranked):
            answer = event.data.get("responseDetails", {}).get("response") or event.data
            # As a Boolean or as a text.
            done[event.group, event.data["actionId"], answer["assignee"]] = str(answer.get("isCompleted")).lower() == "true"
        assigned = {
            (event.group, event.data["actionId"], assignee) for event in self.jobs for assignee in event.data["assignedTo"] or []
        }
        self.assigned = {job: done.get(job, False) for job in assigned}


class Event:
    def __init__(self, item, parts):
        packed = item.get("payloadGzip") or parts[item["groupId"], item["eventKey"]]
        self.body = json.loads(item.get("payload") or gzip.decompress(packed))
        self.data = self.body.get("data") or {}
        self.type, self.group, self.key = item["eventType"], item["groupId"], item["eventKey"]
        self.received, self.is_revision = item["receivedAt"], "revisionOf" in item
        self.ranked = min(self.received, item.get("occurredAt") or self.received)
        self.response = self.data.get("responseId") or self.body["eventId"]

    def order(self):
        """Of the versions of a response, the greatest is the latest."""
        return str(self.data.get("isUpdateResponse")).lower() == "true", self.ranked, self.received, self.key

    def person(self):
        """Whom a response is of; where it is anonymous, nobody but itself."""
        user, phone = self.data.get("responderId"), self.data.get("responder")
        sender = self.body.get("fromUserId") or self.body.get("fromUser")
        if self.data.get("isAnonymous"):
            return self.key
        # Who sent the event has answered, unless it says otherwise.
        is_sender = not user and phone in (None, "", self.body.get("fromUser"))
        return (sender if is_sender else user or phone) or self.key

    def questions(self):
        return self.data.get("responseDetails", {}).get("responseWithQuestions") or []


def as_item(line):
    """An item without DynamoDB's types."""
    item = json.loads(line)["Item"]
    return {name: base64.b64decode(value["B"]) if "B" in value else next(iter(value.values())) for name, value in item.items()}


def newest(events, group):
    """The latest of each group."""
    latest = {}
    for event in sorted(events, key=Event.order):
        latest[group(event)] = event
    return list(latest.values())


def same(question, found, expected):
    """A complaint, unless two collections hold the same, in whatever order."""
    found, expected = collections.Counter(list(found)), collections.Counter(list(expected))
    if not expected:
        yield f"{question}: nothing is to be found, so that nothing is proven"
    if found != expected:
        yield f"{question}: missing {list(expected - found)[:3]}, unexpected {list(found - expected)[:3]}"


def day(time):
    return datetime.date.fromisoformat(time[:10])


def responses_per_day_and_card(events, rows):
    expected = collections.Counter((day(event.received), event.group, event.data.get("actionId")) for event in events.latest)
    found = {(row["day"], row["group_id"], row["action_id"]): row["responses"] for row in rows}
    yield from same("responses_per_day_and_card", found.items(), expected.items())
    titles = {event.data.get("actionId"): event.data.get("title") for event in events.all if event.type.endswith("Created")}
    for row in rows:
        if row["title"] and row["title"] != titles.get(row["action_id"]):
            yield f"responses_per_day_and_card: the title of {row['action_id']} is {titles.get(row['action_id'])}"


def completion_by_group(events, rows):
    expected = collections.defaultdict(list)
    for (group, _, _), is_completed in events.assigned.items():
        expected[group].append(is_completed)
    expected = [(group, len(jobs), sum(jobs), float(int(100 * sum(jobs) / len(jobs) + 0.5))) for group, jobs in expected.items()]
    found = [(row["group_id"], row["assigned"], row["completed"], row["percent"]) for row in rows]
    yield from same("completion_by_group", found, expected)
    if [row["percent"] for row in rows] != sorted(row["percent"] for row in rows):
        yield "completion_by_group: the worst is not the first"


def latest_answer_per_person(events, rows):
    latest = {}
    # Which of a person's responses was the last says the time alone.
    for event in sorted(events.latest, key=lambda event: (event.ranked, event.received, event.key)):
        latest[event.group, event.data.get("actionId"), event.person()] = event
    expected, titles = [], set()
    for (group, action, person), event in latest.items():
        for question in event.questions():
            answer = question.get("answer")
            if question.get("type") in PLAIN and isinstance(answer, (str, list)):
                texts = answer if isinstance(answer, list) else [answer]
                expected += [(group, action, person, question["title"], text) for text in texts if text]
                titles.add((action, question["title"]))
    found = [
        (row["group_id"], row["action_id"], row["person"], row["question_title"], row["answer_text"])
        for row in rows
        if row["answer_text"] and (row["action_id"], row["question_title"]) in titles
    ]
    yield from same("latest_answer_per_person", found, expected)


def one_row_per_response(events, rows):
    with_questions = [event for event in events.latest if any(question.get("title") for question in event.questions())]
    found = {(row["group_id"], row["response_id"]): row for row in rows}
    yield from same("one_row_per_response", found, [(event.group, event.response) for event in with_questions])
    if len(found) != len(rows):
        yield "one_row_per_response: a response has two rows"
    for event in with_questions:
        answers = found[event.group, event.response]["answers"]
        titles = collections.Counter(question.get("title") for question in event.questions())
        for question in event.questions():
            answer = question.get("answer")
            if question.get("type") in PLAIN and isinstance(answer, (str, list)) and answer and titles[question["title"]] == 1:
                text = "; ".join(answer) if isinstance(answer, list) else answer
                if answers[question["title"]] != text:
                    yield f"one_row_per_response: {answers[question['title']]} instead of {text}"


def photos_and_map(events, rows):
    expected, places = [], []
    for event in events.latest:
        points = [point for question in event.questions() if (point := place(question))]
        places += [(event.key, *point) for point in points]
        for question in event.questions():
            for name in files(question.get("answer")):
                expected.append((event.key, name, *(points[0] if points else (None, None))))
    for event in events.all:
        if event.type in ("AttachmentCreated", "Announcement"):
            expected += [(event.key, name, None, None) for name in files(event.data.get("media"))]
    found = [(row["event_key"], row["media_file_name"], row["latitude"], row["longitude"]) for row in rows if row["media_file_name"]]
    yield from same("photos_and_map", found, expected)
    found = [(row["event_key"], row["latitude"], row["longitude"]) for row in rows if not row["media_url"]]
    yield from same("photos_and_map, places", found, places)


def place(question):
    """Latitude and longitude of an answer, in either spelling, as an object or as an object in a text."""
    answer = question.get("answer")
    if question.get("type") == "Location" and isinstance(answer, str) and answer:
        answer = json.loads(answer)
    if not isinstance(answer, dict):
        return None
    spellings = (("lt", "lg"), ("latitude", "longitude"))
    return next(((answer[lat], answer[long]) for lat, long in spellings if lat in answer), None)


def files(media):
    """The names of files, in either spelling."""
    media = [file for file in media if isinstance(file, dict)] if isinstance(media, list) else []
    names = [file.get("mediaFileName") or file.get("fileName") for file in media]
    return [name for name in names if name]


def overdue_jobs(events, rows):
    due = {(event.group, event.data["actionId"]): event.data.get("dueDate") for event in events.jobs}
    # What is made up is due in 2023, so that all of it is overdue.
    expected = [job for job, is_completed in events.assigned.items() if not is_completed and due[job[:2]]]
    found = [(row["group_id"], row["action_id"], row["assignee"]) for row in rows if row["assignee"]]
    yield from same("overdue_jobs", found, expected)
    if [row["due_at"] for row in rows] != sorted(row["due_at"] for row in rows):
        yield "overdue_jobs: the longest overdue is not the first"


def most_active_members(events, rows):
    seen = collections.defaultdict(list)
    for event in events.all:
        person = event.body.get("fromUserId") or event.body.get("fromUser")
        if person and not event.is_revision and not event.data.get("isAnonymous"):
            seen[person].append(event.received)
    expected = sorted(seen, key=lambda person: (-len(seen[person]), person))[:20]
    found = [row["person_id"] for row in rows]
    if not expected or found != expected:
        yield f"most_active_members: {found[:3]} instead of {expected[:3]}"
    for row in rows:
        times = [time.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")[:23] + "Z" for time in (row["first_seen"], row["last_seen"])]
        if (row["events"], *times) != (len(seen[row["person_id"]]), min(seen[row["person_id"]]), max(seen[row["person_id"]])):
            yield f"most_active_members: {row['person']} is seen {row['events']} times from {times}"


def edits_over_time(events, rows):
    versions = collections.defaultdict(list)
    for event in events.responses:
        versions[event.group, event.response].append((event.received, event.key))
    expected = collections.Counter(day(time) for times in versions.values() for time, _ in sorted(times)[1:])
    yield from same("edits_over_time", [(row["day"], row["edits"]) for row in rows], expected.items())


def text_search(events, rows):
    expected = []
    for event in events.all:
        texts = []
        if event.type == "TextMessageCreated":
            texts = [event.data.get("text")]
        elif event.type == "Announcement":
            texts = [f"{event.data.get('title')} {event.data.get('text')}"]
        elif event in events.latest:
            answers = [question.get("answer") for question in event.questions()]
            texts = [text for answer in answers for text in (answer if isinstance(answer, list) else [answer])]
        expected += [(event.key, text) for text in texts if isinstance(text, str) and TEXT.lower() in text.lower()]
    yield from same("text_search", [(row["event_key"], row["text"]) for row in rows], expected)


def quarantine(events, rows):
    expected = collections.Counter((day(item["receivedAt"]), item["reason"]) for item in events.quarantined)
    sizes = collections.Counter()
    for item in events.quarantined:
        body = item.get("payload")
        sizes[day(item["receivedAt"]), item["reason"]] += len(body.encode() if body is not None else item["payloadBytes"])
    found = [(row["day"], row["reason"], row["bodies"], int(row["bytes"])) for row in rows]
    yield from same("quarantine", found, [(*key, count, sizes[key]) for key, count in expected.items()])


ANSWERS = {
    answer.__name__: answer
    for answer in (
        completion_by_group,
        edits_over_time,
        latest_answer_per_person,
        most_active_members,
        one_row_per_response,
        overdue_jobs,
        photos_and_map,
        quarantine,
        responses_per_day_and_card,
        text_search,
    )
}

main()
