"""The end-to-end tests run on a deployed stack; the local cloud, which publishes the same outputs, stands in for it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.cloud import Cloud
from local.deployed_stack import DeployedStack, SelfCleaningClient, UnusableStack
from local.names import STACK
from tests.e2e.conftest import EXAMPLES, PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, template: Path | None) -> Iterator[dict[str, str]]:
    """The variables of a shell whose AWS is the local cloud."""
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), template=template) as cloud:
        yield {
            "AWS_ENDPOINT_URL": cloud.stack["aws_endpoint_url"],
            "AWS_DEFAULT_REGION": cloud.stack["region"],
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "somebody",
        }


@pytest.fixture
def in_shell(shell: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Set these variables in this process."""
    for name, value in shell.items():
        monkeypatch.setenv(name, value)


def object_versions(client: SelfCleaningClient) -> list[tuple[str, str]]:
    return [
        version for bucket in ("inbox_bucket", "lake_bucket") for version in client._versions(client.stack[bucket], "")
    ]


def test_the_same_tests_pass_on_a_stack_and_leave_nothing_behind(shell: dict[str, str], in_shell: None) -> None:
    files = [str(PROJECT / "tests" / "e2e" / name) for name in ("test_loop.py", "test_capture.py", "test_rollout.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "--stack", STACK]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **shell}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "needs a local cloud of its own" in done.stdout
    assert object_versions(SelfCleaningClient(DeployedStack(STACK))) == []


def test_data_of_other_people_is_left_alone(in_shell: None) -> None:
    theirs, ours = SelfCleaningClient(DeployedStack(STACK)), SelfCleaningClient(DeployedStack(STACK))
    theirs.upload("tumours/theirs.csv", b"")
    assert theirs.receipt("tumours/theirs.csv")["status"] == "refused"

    theirs.apply(EXAMPLES / "churn.toml")

    with pytest.raises(UnusableStack, match="has uploads of tumours"):
        ours.upload("tumours/ours.csv", b"")
    with pytest.raises(UnusableStack, match="has a model churn"):
        ours.apply(EXAMPLES / "churn.toml")
    ours.delete_everything()

    assert object_versions(theirs)
    theirs.delete_everything()
    assert object_versions(theirs) == []


def test_a_missing_stack_is_reported(in_shell: None) -> None:
    with pytest.raises(UnusableStack, match="There is no stack nothing"):
        DeployedStack("nothing")
