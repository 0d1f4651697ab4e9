"""A local cloud for each module of end-to-end tests, with the real template and Lambda's own runtime client."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.cloud import Cloud
from local.deployed_stack import DeployedStack, SelfCleaningClient
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples"
DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def built(testrun_uid: str) -> Path:
    """The template of the packages that `make build` makes, once for all processes of a test run."""
    folder = PROJECT / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "test-run").open("a+") as latest:
        fcntl.flock(latest, fcntl.LOCK_EX)
        latest.seek(0)
        if latest.read() != testrun_uid:
            build = subprocess.run(["make", "build"], cwd=PROJECT, capture_output=True, text=True, check=False)
            assert build.returncode == 0, build.stdout + build.stderr
            latest.truncate(0)
            latest.write(testrun_uid)
    return folder / "build" / "template.yaml"


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest) -> Path | None:
    """The template to run: that of the source, or with `--built` that of the packages."""
    if request.config.getoption("--stack"):
        pytest.skip("needs a local cloud of its own")
    return request.getfixturevalue("built") if request.config.getoption("--built") else None


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackClient]:
    """A client of a local cloud with the examples, or with `--stack` of a stack on AWS."""
    if name := request.config.getoption("--stack"):
        visit = SelfCleaningClient(DeployedStack(name))
        for path in EXAMPLES.glob("*.toml"):
            visit.apply(path)
        yield visit
        visit.delete_everything()
        return
    template = request.getfixturevalue("template")
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), models=EXAMPLES, template=template) as cloud:
        yield StackClient(cloud)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data; a user's checkout does not have it."""
    if not DATA.is_dir():
        pytest.skip(f"the real data sets are missing ({DATA})")
    return DATA
