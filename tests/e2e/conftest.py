"""A local cloud for each module of end-to-end tests: the real template, functions under Lambda's own runtime client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.cloud import Cloud
from local.demo.act import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running cloud, and what a user does with it."""
    with Cloud(folder=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Stage(cloud)


@pytest.fixture(scope="session")
def data() -> Path:
    """Real data that a user's checkout does not have."""
    if not DATA.is_dir():
        pytest.skip(f"the real data sets are not there ({DATA})")
    return DATA
