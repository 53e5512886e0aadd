"""Leaves in a built template only the architecture that was built for, so that AWS refuses a deployment for another one.

    .tools/venv/bin/python scripts/pin-architecture.py .aws-sam/build

`sam build` and `sam deploy` take the parameter Architecture independently of each other, and a binary for one processor
does not start on the other. Reads from the binary what it was built for. Called by `make build`.
"""

import pathlib
import sys

from samcli.yamlhelper import yaml_dump, yaml_parse

# Field e_machine of an ELF header, and what Lambda calls it.
MACHINE = slice(18, 20)
ARCHITECTURES = {b"\x3e\x00": "x86_64", b"\xb7\x00": "arm64"}


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER, the output of sam build")
    folder = pathlib.Path(sys.argv[1])
    bootstrap, built = folder / "Receiver" / "bootstrap", folder / "template.yaml"
    for file in (bootstrap, built):
        if not file.exists():
            sys.exit(f"pin-architecture: {file} is missing: run sam build first")
    with bootstrap.open("rb") as file:
        header = file.read(MACHINE.stop)
    architecture = ARCHITECTURES.get(header[MACHINE])
    if not header.startswith(b"\x7fELF") or not architecture:
        sys.exit(f"pin-architecture: {bootstrap} is not a binary for {' or '.join(ARCHITECTURES.values())}")

    template = yaml_parse(built.read_text(encoding="utf-8"))
    template["Parameters"]["Architecture"] |= {
        "Default": architecture,
        "AllowedValues": [architecture],
        "ConstraintDescription": f"must be {architecture}, which was built for: set it, or build for the other one",
    }
    built.write_text(yaml_dump(template), encoding="utf-8")
    print(f"Built for {architecture}.")


main()
