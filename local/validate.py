"""`python -m local.validate`: check the template with the common tools; none may find anything.

They check the template as people write it, and as CloudFormation gets it, with the state machine's definition inside.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.names import ACCOUNT, REGION
from local.transform import transform_template

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATE = PROJECT / "template.yaml"
TRANSFORMED_TEMPLATE = PROJECT / "build" / "cloudformation.json"
RECIPES = PROJECT / "docs" / "recipes"
CHECKOV_CONFIGURATION = PROJECT / ".checkov.yaml"
WITH_EVERYTHING: dict[str, str | int] = {
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    "NotificationEmail": "people@example.com",
    "MaxConcurrency": 20,
    "ProvisionedConcurrency": 2,
    "Waf": "on",
}
"""Parameters with which no condition leaves anything out."""

_IN_ITS_OWN_ENVIRONMENT = ("run", "--isolated", "--frozen", "--quiet", "--only-group", "validation")


@dataclass(frozen=True)
class Check:
    """A tool and its command; `probe` is a command that fails where the tool is not installed."""

    name: str
    command: tuple[str, ...]
    probe: tuple[str, ...] = ()

    def missing(self) -> str:
        """Say why the tool cannot run here; empty when it can."""
        if not self.probe or _ran(self.probe).returncode == 0:
            return ""
        return f"{self.name} was not run: its environment could not be created (is a package index within reach?)"

    def run(self) -> tuple[bool, str]:
        """Run the tool; return whether it found nothing, and its output."""
        done = _ran(self.command)
        return done.returncode == 0, f"{done.stdout}{done.stderr}".strip()


def available_checks(uv: str = "") -> list[Check]:
    """List the checks that can run; Checkov needs `uv`, since it has an environment of its own."""
    sam = (sys.executable, "-m", "samcli", "validate", "--template", str(TEMPLATE))
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    checks = [
        Check("sam validate", sam),
        Check("sam validate --lint", (*sam, "--lint")),
        Check("cfn-lint", (lint, str(TEMPLATE))),
        # Its warnings are about the output of the transform itself, such as resolved parameters.
        Check("cfn-lint, recipes", (lint, *map(str, sorted(RECIPES.glob("*.yaml"))))),
        Check("cfn-lint, transformed", (lint, "--ignore-checks", "W", "--", str(TRANSFORMED_TEMPLATE))),
    ]
    checkov = (uv, *_IN_ITS_OWN_ENVIRONMENT, "checkov")
    files = ("--config-file", str(CHECKOV_CONFIGURATION), "-f", str(TRANSFORMED_TEMPLATE))
    options = ("--framework", "cloudformation", "--skip-download", "--quiet", "--compact", *files)
    probe = (uv, *_IN_ITS_OWN_ENVIRONMENT, "python", "-c", "")
    return [*checks, *([Check("checkov, transformed", (*checkov, *options), probe)] if uv else [])]


def write_transformed() -> None:
    """Write the transformed template for its checks."""
    TRANSFORMED_TEMPLATE.parent.mkdir(exist_ok=True)
    TRANSFORMED_TEMPLATE.write_text(json.dumps(transform_template(TEMPLATE, WITH_EVERYTHING), indent=1) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Run all checks and print a line each, with the output of those that fail; return 1 when one fails."""
    write_transformed()
    failed = False
    for check in available_checks(*arguments):
        missing = check.missing()
        passed, output = (False, missing) if missing else check.run()
        failed |= not passed
        print(f"{'nothing found' if passed else 'FAILED':<16}{check.name}")
        if not passed:
            print(output)
    return int(failed)


def _ran(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=_environment())


def _environment() -> dict[str, str]:
    """Leave out the shell's profile and account, since nothing may call AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
