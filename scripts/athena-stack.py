"""Puts the views of dashboards/athena/*.sql into dashboards/athena/stack.yaml as named queries, below the marked line.

CloudFormation cannot read a file into a property. With --check, says whether the stack is up to date. Needs nothing but
Python's standard library.
"""

import pathlib
import sys
import textwrap

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "dashboards/athena"
STACK = FOLDER / "stack.yaml"
MARK = "  # From here on: *.sql, put in by scripts/athena-stack.py.\n"


def main():
    stack = STACK.read_text(encoding="utf-8")
    written = stack.partition(MARK)[0]
    # Views stand on others, so that their order counts; sorted, the files have it.
    files = sorted(FOLDER.glob("*.sql"))
    updated = written + MARK + "\n".join(named_query(number, file) for number, file in enumerate(files, 1))
    if sys.argv[1:] != ["--check"]:
        STACK.write_text(updated, encoding="utf-8")
    elif stack != updated:
        sys.exit("dashboards/athena/stack.yaml is older than the views: run scripts/athena-stack.py")


def named_query(number, file):
    view = file.stem.split("-")[-1]
    logical_id = "".join(map(str.capitalize, view.split("_"))) + "View"
    return f"""\
  {logical_id}:
    Type: AWS::Athena::NamedQuery
    Properties:
      Database: !Ref Database
      WorkGroup: !Ref WorkGroup
      Name: kaizala {number:02} {view}
      Description: Creates the view {view}.
      QueryString: |
{textwrap.indent(file.read_text(encoding="utf-8"), " " * 8)}"""


main()
