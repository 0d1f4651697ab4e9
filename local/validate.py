"""`python -m local.validate`: the template held against the tools that the field trusts; each must find nothing.

The template as it is written, and as CloudFormation gets it, with the state machine's definition inside.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.names import REGION
from local.transform import transform_template

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATE = PROJECT / "template.yaml"
TRANSFORMED_TEMPLATE = PROJECT / "build" / "cloudformation.json"
CHECKOV_CONFIGURATION = PROJECT / ".checkov.yaml"
_IN_ITS_OWN_ENVIRONMENT = ("run", "--isolated", "--frozen", "--quiet", "--only-group", "validation")


@dataclass(frozen=True)
class Check:
    """One tool, and what it is asked."""

    name: str
    command: tuple[str, ...]
    there: tuple[str, ...] = ()
    """What to ask first, to find out whether the tool is here at all."""

    def missing(self) -> str:
        """Say why it cannot be run here; empty when it can."""
        if not self.there or _ran(self.there).returncode == 0:
            return ""
        return f"{self.name} was not run: its environment could not be made (is a package index within reach?)"

    def run(self) -> tuple[bool, str]:
        """Whether nothing was found, and what it said."""
        done = _ran(self.command)
        return done.returncode == 0, f"{done.stdout}{done.stderr}".strip()


def available_checks(uv: str = "") -> list[Check]:
    """All that can be run; Checkov, which has an environment of its own, only where there is a `uv` to make it."""
    sam = (sys.executable, "-m", "samcli", "validate", "--template", str(TEMPLATE))
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    found = [
        Check("sam validate", sam),
        Check("sam validate --lint", (*sam, "--lint")),
        Check("cfn-lint", (lint, str(TEMPLATE))),
        # Its warnings are about what the transform itself writes, such as parameters that it has put in their place.
        Check("cfn-lint, transformed", (lint, "--ignore-checks", "W", "--", str(TRANSFORMED_TEMPLATE))),
    ]
    checkov = (uv, *_IN_ITS_OWN_ENVIRONMENT, "checkov")
    asked = (
        "--framework",
        "cloudformation",
        "--skip-download",
        "--quiet",
        "--compact",
        "--config-file",
        str(CHECKOV_CONFIGURATION),
        "-f",
        str(TRANSFORMED_TEMPLATE),
    )
    there = (uv, *_IN_ITS_OWN_ENVIRONMENT, "python", "-c", "")
    return [*found, *([Check("checkov, transformed", (*checkov, *asked), there)] if uv else [])]


def write_transformed() -> None:
    """Write what the checks of the transformed template read."""
    TRANSFORMED_TEMPLATE.parent.mkdir(exist_ok=True)
    TRANSFORMED_TEMPLATE.write_text(json.dumps(transform_template(TEMPLATE), indent=1) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Run all of them, print a line each, and what one said that found something; 1 when one did."""
    write_transformed()
    failed = False
    for check in available_checks(*arguments):
        missing = check.missing()
        passed, said = (False, missing) if missing else check.run()
        failed |= not passed
        print(f"{'nothing found' if passed else 'FAILED':<16}{check.name}")
        if not passed:
            print(said)
    return int(failed)


def _ran(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=_environment())


def _environment() -> dict[str, str]:
    """No profile and no account of the shell: nothing is asked of AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
