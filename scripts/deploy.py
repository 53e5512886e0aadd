"""Deploys what was built, sends a test event through it, and takes the deployment back when the event does not arrive.

    KAIZALA_CALLBACK_TOKEN=… make deploy SAM=--guided      # SAM: options of `sam deploy`

A gradual deployment watches alarms while a tenth of the requests goes to the new version. Few requests prove nothing about
it, so `kaizala check` proves it: handshake, refusal of a wrong token, a test event stored and found. If that fails, the
alias `live` is pointed at the version that it served before.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import boto3
import botocore.exceptions
import tomlkit

ALIAS = "live"
TOKEN = "KAIZALA_CALLBACK_TOKEN"
# A failed check is tried once more, because a request that is lost on the way says nothing about the version.
ATTEMPTS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="Other options go to sam deploy.")
    parser.add_argument("--kaizala", type=pathlib.Path, required=True, help="the built command line")
    for name in ("--stack-name", "--region", "--profile"):
        parser.add_argument(name, help="as for sam deploy, by default from samconfig.toml")
    parser.add_argument("--config-env", default="default", help="the stage in samconfig.toml: default, dev or prod")
    arguments, others = parser.parse_known_args()
    if not os.environ.get(TOKEN):
        sys.exit(f"deploy: set {TOKEN}: the deployment is checked with it")
    given = {name: getattr(arguments, name) for name in ("stack_name", "region", "profile")}
    given = {name: value for name, value in given.items() if value}

    stage = arguments.config_env
    before = Stack(given, stage).version()
    options = [f"--config-env={stage}"] if stage != "default" else []
    options += [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    # Even if there are no changes to deploy, the deployment is checked.
    command = ["sam", "deploy", "--no-fail-on-empty-changeset", *options, *others]
    if subprocess.run(command, check=False).returncode:
        sys.exit("deploy: sam deploy failed: see docs/deploy.md for what it left behind")

    # With --guided, sam asks for the name and the region of the stack.
    stack = Stack(given, stage)
    after = stack.version()
    if not after:
        sys.exit(f"deploy: there is no stack {stack.name} in {stack.session.region_name}: give --stack-name and --region")
    if any(stack.is_checked(arguments.kaizala) for _ in range(ATTEMPTS)):
        print(f"deploy: version {after} works")
    elif before in (None, after):
        sys.exit("deploy: the check failed, and there is no version to go back to: see function-errors in docs/runbook.md")
    else:
        print(f"deploy: the check failed: pointing {ALIAS} back", file=sys.stderr)
        stack.point_back(before)
        sys.exit(
            f"deploy: {ALIAS} serves version {before} again. Version {after} is still there to look into; deploy again "
            "when it is repaired"
        )


class Stack:
    """The stack as it is deployed, found as `sam deploy` finds it."""

    def __init__(self, given, stage):
        settings = configured(stage) | given
        self.name = settings.get("stack_name")
        if not self.name:
            sys.exit("deploy: give --stack-name, or stack_name in samconfig.toml")
        self.session = boto3.Session(profile_name=settings.get("profile"), region_name=settings.get("region"))
        if not self.session.region_name:
            sys.exit("deploy: give --region, or set AWS_REGION")
        self.outputs = self.read_outputs()

    def read_outputs(self):
        try:
            described = self.session.client("cloudformation").describe_stacks(StackName=self.name)
        except botocore.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
        outputs = described["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def version(self):
        """The version that the alias serves, or None if nothing is deployed."""
        if not self.outputs:
            return None
        alias = self.session.client("lambda").get_alias(FunctionName=self.outputs["FunctionName"], Name=ALIAS)
        return alias["FunctionVersion"]

    def point_back(self, version):
        # Weights are removed, so that all requests go to this version.
        self.session.client("lambda").update_alias(
            FunctionName=self.outputs["FunctionName"],
            Name=ALIAS,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )

    def is_checked(self, kaizala):
        command = [kaizala, "check", "--url", self.outputs["CallbackUrl"], "--table", self.outputs["TableName"]]
        # The session has a profile only if the user has named one.
        environment = os.environ | {"AWS_REGION": self.session.region_name}
        if self.session.profile_name != "default":
            environment["AWS_PROFILE"] = self.session.profile_name
        return subprocess.run(command, env=environment, check=False).returncode == 0


def configured(stage):
    """What samconfig.toml says for `sam deploy` of a stage."""
    file = pathlib.Path("samconfig.toml")
    if not file.exists():
        return {}
    stages = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
    if stage not in stages:
        sys.exit(f"deploy: samconfig.toml has no stage {stage}")
    tables = stages[stage]
    return tables.get("global", {}).get("parameters", {}) | tables.get("deploy", {}).get("parameters", {})


try:
    main()
except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
    sys.exit(f"deploy: {error}")
