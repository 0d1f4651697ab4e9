"""The validation tools find nothing in the template, and would find a mistake."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from local import validate
from local.validate import CHECKOV_CONFIGURATION, PROJECT, Check, available_checks, write_transformed

if TYPE_CHECKING:
    from pathlib import Path

UV = next((found for found in (shutil.which("uv"), str(PROJECT / ".tools/uv/bin/uv")) if found), "uv")
NAMES = [
    "sam validate",
    "sam validate --lint",
    "cfn-lint",
    "cfn-lint, recipes",
    "cfn-lint, transformed",
    "checkov, transformed",
]


@pytest.fixture(scope="module")
def tools() -> dict[str, Check]:
    write_transformed()
    return {check.name: check for check in available_checks(UV)}


def able(check: Check) -> Check:
    try:
        missing = check.missing()
    except OSError as error:
        missing = str(error)
    if missing:
        pytest.skip(missing)
    return check


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_finds_nothing(tools: dict[str, Check], name: str) -> None:
    assert list(tools) == NAMES
    passed, said = able(tools[name]).run()

    assert passed, said


@pytest.mark.parametrize(
    ("name", "path", "value", "words"),
    [
        (
            "cfn-lint, transformed",
            ["Resources", "RetrainingStateMachine", "Properties", "Definition", "States", "Promote", "Type"],
            "Promotion",
            "'Promotion' is not one of",
        ),
        (
            "checkov, transformed",
            ["Resources", "LakeBucket", "Properties", "PublicAccessBlockConfiguration"],
            {},
            "FAILED for resource: AWS::S3::Bucket.LakeBucket",
        ),
    ],
    ids=["a state of an unknown type", "a public bucket"],
)
def test_a_tool_would_find_a_mistake(
    name: str, path: list[str], value: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "TRANSFORMED_TEMPLATE", tmp_path / "cloudformation.json")
    write_transformed()
    document = json.loads(validate.TRANSFORMED_TEMPLATE.read_text())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    validate.TRANSFORMED_TEMPLATE.write_text(json.dumps(document))

    passed, said = able(next(check for check in available_checks(UV) if check.name == name)).run()

    assert not passed
    assert words in said


def test_every_skipped_check_has_a_reason() -> None:
    """A comment stands directly above each, and no resource has a suppression of its own."""
    lines = CHECKOV_CONFIGURATION.read_text().splitlines()
    skipped = [row for row, line in enumerate(lines) if line.strip().startswith("- CKV")]

    assert len(skipped) == 5
    assert all(lines[row - 1].strip().startswith("# ") for row in skipped)
    assert "checkov" not in (PROJECT / "template.yaml").read_text()


def test_a_tool_that_cannot_be_installed_is_reported_as_not_run() -> None:
    nowhere = Check("checkov", ("false",), probe=("false",))

    assert "was not run" in nowhere.missing()
